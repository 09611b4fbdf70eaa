// One step of gradient descent with momentum (heavy ball), in place, f32, for each parameter p with gradient g:
//   velocity <- momentum velocity + g;  p <- p - rate velocity
//
// One invocation computes VALUES elements, WIDTH apart, so that neighbouring invocations own neighbouring elements.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 4 * count * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> parameter: array<Element>;    // [count]
@group(0) @binding(2) var<storage, read_write> velocity: array<Element>;     // [count]
@group(0) @binding(3) var<storage, read> gradient: array<Element>;           // [count]
@group(0) @binding(4) var<storage, read> hyper: array<f32>;                  // [2] rate, momentum

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
    let speed = momentum * velocity[index] + gradient[index];
    velocity[index] = speed;
    parameter[index] -= rate * speed;
  }
}
