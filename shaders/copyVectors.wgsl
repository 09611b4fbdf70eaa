// y[i] = x[i], f32, four neighbours at a time: as fast as a kernel can move data on this adapter. What other kernels
// that are bound by memory are measured against.
//
// One invocation copies VALUES fours, WIDTH apart, so that neighbouring invocations copy neighbours. lavapipe, 2 cores,
// 2026: 3.5 GB/s with one a piece, 5 with 8, 6 with 16 or more, whether 32 or 256 to a workgroup; single numbers 1.2.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 0 operations

const VALUES = 16u;      // knob: fours per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // numbers / 4
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [count]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;    // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let first = (workgroup.x + workgroup.y * grid.x) * (WIDTH * VALUES);
  let end = min(first + WIDTH * VALUES, sizes.count);
  for (var index = first + local.x; index < end; index += WIDTH) { y[index] = x[index]; }
}
