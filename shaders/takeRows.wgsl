// Rows by number: y[b, i] = x[indices[b], i] for x[rows, rowLength] and y[B, rowLength], in words of 32 bits, whatever
// they hold, or in fours of words. A number past the last row takes the last row: what is wrong is not found here, but nothing
// else is read.
//
// One invocation copies VALUES neighbouring words, or fours, of a row.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 0 operations

alias Element = f32;     // knob: f32 for words, or vec4f for fours; all counts are then in fours
alias Bits = i32;        // bits of Element
const VALUES = 1u;       // knob: Elements per invocation, a divisor of rowLength
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows to take
  count: u32,            // elements of y
  rows: u32,
  rowLength: u32,        // elements of a row
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Bits>;         // [rows, rowLength]
@group(0) @binding(2) var<storage, read> indices: array<u32>;    // [count / rowLength]
@group(0) @binding(3) var<storage, read_write> y: array<Bits>;   // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let first = ((workgroup.x + workgroup.y * grid.x) * WIDTH + local.x) * VALUES;
  if (first >= sizes.count) { return; }
  let row = min(indices[first / sizes.rowLength], sizes.rows - 1u);
  let source = row * sizes.rowLength + first % sizes.rowLength;
  for (var i = 0u; i < VALUES; i++) { y[first + i] = x[source + i]; }
}
