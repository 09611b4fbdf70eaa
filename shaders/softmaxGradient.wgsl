// The gradient of a softmax y along its rows, f32:
//   dx[r, k] = scale * y[r, k] * (dy[r, k] - sum over j of y[r, j] dy[r, j]), or where LOG is set, y being the logarithm,
//   dx[r, k] = scale * (dy[r, k] - exp(y[r, k]) * sum over j of dy[r, j]), and 0 where y is -infinity throughout the row.
//
// One invocation computes one row, which it reads twice.
//
// launch: ceil(rows / WIDTH) workgroups
// work: 5 * rows * columns * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; columns are then in fours
const VALUES = 1u;        // knob: numbers in an Element, 1 or 4
const LOG = false;       // knob: whether y is the logarithm of a softmax
const WIDTH = 64u;       // knob: invocations per workgroup

// region: gradient of rows
struct Sizes {
  rows: u32,
  columns: u32,          // in Elements
  scale: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> y: array<Element>;          // [rows, columns]
@group(0) @binding(2) var<storage, read> dy: array<Element>;         // [rows, columns]
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;   // [rows, columns]
// end region

// region: sum across an Element
fn sum_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  if (VALUES == 1u) { return lanes.x; }
  return (lanes.x + lanes.y) + (lanes.z + lanes.w);
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let row = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (row >= sizes.rows) { return; }
  let first = row * sizes.columns;
  let end = first + sizes.columns;

  var sums = Element();
  var powers = Element();    // with LOG: 1 in all, or 0 where y is -infinity throughout
  for (var at = first; at < end; at++) {
    if (LOG) {
      sums += dy[at];
      powers += exp(y[at]);
    } else {
      sums += y[at] * dy[at];
    }
  }
  let sum = sum_of(sums);

  if (LOG) {
    let is_masked = bitcast<u32>(sum_of(powers)) == 0u;    // by its bits: a sum of NaN is not 0
    for (var at = first; at < end; at++) {
      dx[at] = select(sizes.scale * (dy[at] - exp(y[at]) * sum), Element(), is_masked);
    }
  } else {
    for (var at = first; at < end; at++) { dx[at] = sizes.scale * y[at] * (dy[at] - sum); }
  }
}
