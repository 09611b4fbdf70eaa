// One step of gradient descent with momentum (heavy ball), in place, f32, for each parameter p with gradient g:
//   velocity <- momentum velocity + g;  p <- p - rate velocity
//
// One invocation computes one element.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes { count: u32 }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> parameter: array<f32>;    // [count]
@group(0) @binding(2) var<storage, read_write> velocity: array<f32>;     // [count]
@group(0) @binding(3) var<storage, read> gradient: array<f32>;           // [count]
@group(0) @binding(4) var<storage, read> hyper: array<f32>;              // [2] rate, momentum

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  let speed = fma(hyper[1], velocity[index], gradient[index]);
  velocity[index] = speed;
  parameter[index] = fma(-hyper[0], speed, parameter[index]);
}
