// y[i] = x[i], each f32 or f16; to f16 the nearest number, and an infinity beyond 65,504.
//
// One invocation computes VALUES numbers, WIDTH apart, so that neighbouring invocations have neighbours.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 0 operations

const VALUES = 16u;      // knob: numbers per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
alias X = f32;           // stored: x
alias Y = f32;           // stored: y

struct Sizes {
  count: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;          // [count]
@group(0) @binding(2) var<storage, read_write> y: array<Y>;    // [count], or more

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let first = (workgroup.x + workgroup.y * grid.x) * (WIDTH * VALUES);
  let end = min(first + WIDTH * VALUES, sizes.count);
  for (var index = first + local.x; index < end; index += WIDTH) { y[index] = Y(x[index]); }
}
