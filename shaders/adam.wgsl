// One step of Adam (Kingma and Ba, 2015), in place, f32, for each parameter p with moments m, v and gradient g:
//   m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
//   p <- p - rate (m correction1) / (sqrt(v correction2) + epsilon)
// correction1 = 1 / (1 - beta1^t), correction2 = 1 / (1 - beta2^t) at step t = 1, 2, ...; they and the rate come
// from a buffer, because they change from step to step. So do 1 - beta1 and 1 - beta2, which in f32 would lose four of
// their digits: 1 - .999 is off by 5e-5.
//
// One invocation computes one element.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes { count: u32 }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> parameter: array<f32>;        // [count]
@group(0) @binding(2) var<storage, read_write> first_moment: array<f32>;     // [count]
@group(0) @binding(3) var<storage, read_write> second_moment: array<f32>;    // [count]
@group(0) @binding(4) var<storage, read> gradient: array<f32>;               // [count]
@group(0) @binding(5) var<storage, read> hyper: array<f32>;                  // [8] rate, betas, epsilon, corrections, 1 - betas

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  let rate = hyper[0];
  let slope = gradient[index];
  let first = hyper[1] * first_moment[index] + hyper[6] * slope;
  let second = hyper[2] * second_moment[index] + hyper[7] * slope * slope;
  first_moment[index] = first;
  second_moment[index] = second;
  parameter[index] -= rate * (first * hyper[4]) / (sqrt(second * hyper[5]) + hyper[3]);
}
