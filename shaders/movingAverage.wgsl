// running[i] = (1 - momentum) running[i] + momentum * scale * batch[i], f32, in place.
//
// One invocation computes one element.
//
// launch: ceil(count / WIDTH) workgroups
// work: 3 * count operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  keep: f32,             // 1 - momentum
  share: f32,            // momentum * scale
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> running: array<f32>;    // [count]
@group(0) @binding(2) var<storage, read> batch: array<f32>;            // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  running[index] = fma(sizes.keep, running[index], sizes.share * batch[index]);
}
