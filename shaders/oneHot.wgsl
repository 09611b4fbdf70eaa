// Rows with a single one: y[b, i] = 1 where i = indices[b], else 0, f32, for indices[B] and y[B, rowLength]. An index past
// the last column gives a row of zeros.
//
// One invocation computes one number.
//
// launch: ceil(count / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // elements of y
  rowLength: u32,        // elements of a row
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> indices: array<u32>;    // [count / rowLength]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;    // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let at = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (at >= sizes.count) { return; }
  let row = at / sizes.rowLength;
  y[at] = select(0.0, 1.0, indices[row] == at - row * sizes.rowLength);
}
