// One step of Adam (Kingma and Ba, 2015), in place, f32, for each parameter p with moments m, v and gradient g:
//   m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
//   p <- p - rate (m correction1) / (sqrt(v correction2) + epsilon)
// correction1 = 1 / (1 - beta1^t), correction2 = 1 / (1 - beta2^t) at step t = 1, 2, ...; they and the rate come
// from a buffer, because they change from step to step. So do 1 - beta1 and 1 - beta2, which in f32 would lose four of
// their digits: 1 - .999 is off by 5e-5.
// Weight decay d comes before all that: g <- g + d p (L2, as Adam has it), or p <- p - rate d p (decoupled, as AdamW).
//
// One invocation computes VALUES elements, WIDTH apart, so that neighbouring invocations own neighbouring elements.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 14 * count * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const DECAY = NONE;      // knob: weight decay
const RUN = 64u;         // knob: Elements of 64 numbers, which share one decay: 64, or 16 for vec4f
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

const NONE = 0u;         // value of DECAY: none
const COUPLED = 1u;      // value of DECAY: into the gradient
const DECOUPLED = 2u;    // value of DECAY: off the parameter

struct Sizes {
  count: u32,            // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> parameter: array<Element>;        // [count]
@group(0) @binding(2) var<storage, read_write> firstMoment: array<Element>;     // [count]
@group(0) @binding(3) var<storage, read_write> secondMoment: array<Element>;    // [count]
@group(0) @binding(4) var<storage, read> gradient: array<Element>;               // [count]
@group(0) @binding(5) var<storage, read> hyper: array<f32>;                      // [8] rate, betas, epsilon, corrections, 1 - betas
@group(0) @binding(6) var<storage, read> decay: array<f32>;                      // [count / RUN]; not read where DECAY = NONE

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // Read here, not in the loop: what it writes might be the same memory, as far as the compiler knows.
  let beta1 = hyper[1];
  let beta2 = hyper[2];
  let rest1 = hyper[6];
  let rest2 = hyper[7];
  let rate = hyper[0];
  let corrected_rate = rate * hyper[4];
  let correction = hyper[5];
  let epsilon = hyper[3];
  let first = (workgroup.x + workgroup.y * grid.x) * (WIDTH * VALUES);
  let end = min(first + WIDTH * VALUES, sizes.count);
  for (var index = first + local.x; index < end; index += WIDTH) {
    var value = parameter[index];
    var slope = gradient[index];
    if (DECAY == COUPLED) { slope += decay[index / RUN] * value; }
    if (DECAY == DECOUPLED) { value -= rate * decay[index / RUN] * value; }
    let mean = beta1 * firstMoment[index] + rest1 * slope;
    let square = beta2 * secondMoment[index] + rest2 * slope * slope;
    firstMoment[index] = mean;
    secondMoment[index] = square;
    parameter[index] = value - corrected_rate * mean / (sqrt(square * correction) + epsilon);
  }
}
