// y[i] = sum over the chunks of parts[chunk, i], f32, in order: the second pass of a sum that was split over
// invocations.
//
// One invocation adds up four neighbouring values (or one); neighbouring invocations own neighbouring fours.
//
// launch: ceil(quads / WIDTH) workgroups
// work: lanes(Element) * quads * chunks operations

alias Element = vec4f;   // knob: vec4f, or f32 where the number of values is no multiple of four
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  quads: u32,            // values / 4, or values where they are not in fours
  chunks: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> parts: array<Element>;      // [chunks, values]
@group(0) @binding(2) var<storage, read_write> y: array<Element>;    // [values]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.quads) { return; }
  var sum = Element();
  for (var chunk = 0u; chunk < sizes.chunks; chunk++) { sum += parts[chunk * sizes.quads + index]; }
  y[index] = sum;
}
