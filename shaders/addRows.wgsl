// Rows added up by number: y[row, i] = sum over the b with min(indices[b], rows - 1) = row of x[b, i], f32, b ascending,
// for x[B, rowLength] and y[rows, rowLength]: the gradient of takeRows. The row `padding` takes nothing.
//
// One invocation owns one Element of y and goes through all indices, so the order is fixed without any atomics. For many
// indices and rows see addSortedRows, which adds in the same order.
//
// launch: ceil(count / WIDTH) workgroups
// work: count * taken operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours of a row at a time
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows to add
  count: u32,            // Elements of y
  rows: u32,
  rowLength: u32,        // Elements of a row
  taken: u32,            // indices
  padding: u32,          // the row that takes nothing, or a number past the last one
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [taken, rowLength]
@group(0) @binding(2) var<storage, read> indices: array<u32>;        // [taken]
@group(0) @binding(3) var<storage, read_write> y: array<Element>;    // [rows, rowLength]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let at = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (at >= sizes.count) { return; }
  let row = at / sizes.rowLength;
  let column = at - row * sizes.rowLength;
  var sum = Element(0.0);
  if (row != sizes.padding) {
    for (var b = 0u; b < sizes.taken; b++) {
      if (min(indices[b], sizes.rows - 1u) == row) { sum += x[b * sizes.rowLength + column]; }
    }
  }
  y[at] = sum;
}
