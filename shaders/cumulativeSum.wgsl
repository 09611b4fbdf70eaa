// Running sums along an axis, f32: y[o, l, i] = sum of x[o, k, i] over k <= l, or k < l where exclusive = 1, or from the
// other end (k >= l, k > l) where reverse = 1, for x and y [outer, length, inner].
//
// One invocation walks one block of a line, or with vec4f that of four neighbouring lines. Where a line is one block, that is
// all. Else a first launch (TOTALS) adds up each block, a second (LINES) makes running sums of the totals, exclusive ones, and
// a third (BLOCKS) begins each block with its own. Blocks are counted in the direction of the walk.
//
// launch: ceil(outer * ceil(length / block) * inner / WIDTH) workgroups
// work: outer * length * inner * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring lines at a time; inner is then in fours
const PASS = LINES;      // knob: which launch
const WIDTH = 64u;       // knob: invocations per workgroup

// region: passes
const LINES = 1u;        // value of PASS: lines of one block
const TOTALS = 2u;       // value of PASS: the sum of each block, y[outer, blocks, inner]
const BLOCKS = 3u;       // value of PASS: blocks that begin with what lies before them

struct Sizes {
  outer: u32,
  length: u32,           // numbers of a line
  inner: u32,            // Elements between two numbers of a line
  block: u32,            // numbers of a line that one invocation walks
  exclusive: u32,        // 1 where a number is not part of its own sum
  reverse: u32,          // 1 where the walk begins at the end
}
// end region

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [outer, length, inner]
@group(0) @binding(2) var<storage, read> before: array<Element>;     // [outer, blocks, inner], read by BLOCKS alone
@group(0) @binding(3) var<storage, read_write> y: array<Element>;    // [outer, length or blocks, inner]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let blocks = (sizes.length + sizes.block - 1u) / sizes.block;
  if (index >= sizes.outer * blocks * sizes.inner) { return; }
  let outer = index / (blocks * sizes.inner);
  let first = index / sizes.inner % blocks * sizes.block;
  let column = outer * sizes.length * sizes.inner + index % sizes.inner;
  var sum = Element(0.0);
  if (PASS == BLOCKS) { sum = before[index]; }
  for (var step = first; step < min(first + sizes.block, sizes.length); step++) {
    let at = column + select(step, sizes.length - 1u - step, sizes.reverse == 1u) * sizes.inner;
    let next = sum + x[at];
    if (PASS != TOTALS) { y[at] = select(next, sum, sizes.exclusive == 1u); }
    sum = next;
  }
  if (PASS == TOTALS) { y[index] = sum; }
}
