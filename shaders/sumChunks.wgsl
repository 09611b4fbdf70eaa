// y[i] = sum over the chunks of parts[chunk, i], f32, in order: the second pass of a sum that was split over
// invocations. The number of values is a multiple of four.
//
// One invocation adds up four neighbouring values; neighbouring invocations own neighbouring fours.
//
// launch: ceil(quads / WIDTH) workgroups
// work: 4 * quads * chunks operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  quads: u32,            // values / 4
  chunks: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> parts: array<vec4f>;      // [chunks, quads * 4]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;    // [quads * 4]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.quads) { return; }
  var sum = vec4f();
  for (var chunk = 0u; chunk < sizes.chunks; chunk++) { sum += parts[chunk * sizes.quads + index]; }
  y[index] = sum;
}
