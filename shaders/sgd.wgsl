// One step of gradient descent with momentum (heavy ball), in place, f32, for each parameter p with gradient g:
//   velocity <- momentum velocity + g;  p <- p - rate velocity
// Nesterov's form looks one step ahead: p <- p - rate (g + momentum velocity), with the velocity after its update.
// Weight decay d comes before both (L2): g <- g + d p.
//
// One invocation computes VALUES elements, WIDTH apart, so that neighbouring invocations own neighbouring elements.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 4 * count * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const DECAY = NONE;      // knob: weight decay
const RUN = 64u;         // knob: Elements of 64 numbers, which share one decay: 64, or 16 for vec4f
const NESTEROV = 0u;     // knob: 0 heavy ball, 1 Nesterov
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

const NONE = 0u;         // value of DECAY: none
const COUPLED = 1u;      // value of DECAY: into the gradient

struct Sizes {
  count: u32,            // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> parameter: array<Element>;    // [count]
@group(0) @binding(2) var<storage, read_write> velocity: array<Element>;     // [count]
@group(0) @binding(3) var<storage, read> gradient: array<Element>;           // [count]
@group(0) @binding(4) var<storage, read> hyper: array<f32>;                  // [2] rate, momentum
@group(0) @binding(5) var<storage, read> decay: array<f32>;                  // [count / RUN]; not read where DECAY = NONE

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let rate = hyper[0];
  let momentum = hyper[1];
  let first = (workgroup.x + workgroup.y * grid.x) * (WIDTH * VALUES);
  let end = min(first + WIDTH * VALUES, sizes.count);
  for (var index = first + local.x; index < end; index += WIDTH) {
    let value = parameter[index];
    var slope = gradient[index];
    if (DECAY == COUPLED) { slope += decay[index / RUN] * value; }
    let speed = momentum * velocity[index] + slope;
    velocity[index] = speed;
    var direction = speed;
    if (NESTEROV == 1u) { direction = slope + momentum * speed; }
    parameter[index] = value - rate * direction;
  }
}
