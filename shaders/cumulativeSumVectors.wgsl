// Running sums along rows, as cumulativeSum has them, for inner = 1, and a length and a block that are multiples of four.
//
// One invocation walks one block of a row, four numbers at a time: the best form on CPU Vulkan (lavapipe), where a load of
// four costs little more than one.
//
// launch: ceil(outer * ceil(length / block) * inner / WIDTH) workgroups
// work: outer * length * inner operations

const PASS = LINES;      // knob: which launch
const WIDTH = 16u;       // knob: invocations per workgroup

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
@group(0) @binding(1) var<storage, read> x: array<vec4f>;            // [outer, length]
@group(0) @binding(2) var<storage, read> before: array<vec4f>;       // [outer, blocks] in all four lanes, read by BLOCKS alone
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;      // [outer, length], or [outer, blocks] in all four lanes

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let blocks = (sizes.length + sizes.block - 1u) / sizes.block;
  if (index >= sizes.outer * blocks) { return; }
  let row = index / blocks;
  let fours = sizes.length / 4u;
  let first = (index - row * blocks) * (sizes.block / 4u);
  var sum = 0.0;
  if (PASS == BLOCKS) { sum = before[index].x; }
  for (var step = first; step < min(first + sizes.block / 4u, fours); step++) {
    let at = row * fours + select(step, fours - 1u - step, sizes.reverse == 1u);
    var v = x[at];
    if (sizes.reverse == 1u) { v = v.wzyx; }
    let second = v.x + v.y;
    let third = second + v.z;
    let own = vec4f(v.x, second, third, third + v.w);
    if (PASS != TOTALS) {
      var sums = sum + select(own, vec4f(0.0, own.xyz), sizes.exclusive == 1u);
      if (sizes.reverse == 1u) { sums = sums.wzyx; }
      y[at] = sums;
    }
    sum += own.w;
  }
  if (PASS == TOTALS) { y[index] = vec4f(sum); }
}
