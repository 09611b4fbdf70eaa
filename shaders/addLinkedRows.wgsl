// Rows added up by number, as addRows has it and in the same order, from the lists that linkRows makes: y[row, i] = sum over
// the b of that row of x[b, i], f32, b ascending. The row `padding` takes nothing.
//
// One invocation owns VALUES neighbouring Elements of a row and follows the list of that row.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: taken * rowLength * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours of a row at a time
const VALUES = 1u;       // knob: Elements of an invocation, a divisor of rowLength
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
@group(0) @binding(2) var<storage, read> firsts: array<u32>;         // [rows] 1 + the first b of each row, or 0
@group(0) @binding(3) var<storage, read> nexts: array<u32>;          // [taken] 1 + the next b of the same row, or 0
@group(0) @binding(4) var<storage, read_write> y: array<Element>;    // [rows, rowLength]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let at = ((workgroup.x + workgroup.y * grid.x) * WIDTH + local.x) * VALUES;
  if (at >= sizes.count) { return; }
  let row = at / sizes.rowLength;
  let column = at - row * sizes.rowLength;
  let first = select(firsts[row], 0u, row == sizes.padding);
  for (var i = 0u; i < VALUES; i++) {
    var sum = Element(0.0);
    for (var b = first; b != 0u; b = nexts[b - 1u]) { sum += x[(b - 1u) * sizes.rowLength + column + i]; }
    y[at + i] = sum;
  }
}
