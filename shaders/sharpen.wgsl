// Sharpens probabilities into pseudo-labels (Label-Assemble, Eq. 1), f32:
//   y[i] = a + (1 - a) / t where a = p[i] > threshold (strictly), else a - a / t
//
// One invocation computes one element.
//
// launch: ceil(count / WIDTH) workgroups
// work: 3 * count operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  threshold: f32,
  inverseTemperature: f32,    // 1 / t; 0 for an infinite temperature
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> p: array<f32>;          // [count], in [0, 1]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;    // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  let a = p[index];
  y[index] = fma(select(-a, 1.0 - a, a > sizes.threshold), sizes.inverseTemperature, a);
}
