// Rows by number: y[b, i] = x[indices[b], i] for x[rows, rowLength] and y[B, rowLength] of u8, rows of any length. A
// number past the last row takes the last row: what is wrong is not found here, but nothing else is read.
//
// One invocation puts one word of y together from four bytes, which may be of several rows.
//
// launch: ceil(ceil(count / 4) / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows to take
  count: u32,            // elements of y
  rows: u32,
  rowLength: u32,        // elements of a row
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<u32>;          // u8 [rows, rowLength]
@group(0) @binding(2) var<storage, read> indices: array<u32>;    // [count / rowLength]
@group(0) @binding(3) var<storage, read_write> y: array<u32>;    // u8 [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index * 4u >= sizes.count) { return; }
  var word = 0u;
  for (var i = 0u; i < min(4u, sizes.count - index * 4u); i++) {
    let at = index * 4u + i;
    let row = min(indices[at / sizes.rowLength], sizes.rows - 1u);
    let source = row * sizes.rowLength + at % sizes.rowLength;
    word |= ((x[source / 4u] >> (8u * (source % 4u))) & 255u) << (8u * i);
  }
  y[index] = word;
}
