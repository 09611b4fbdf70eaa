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
  let end = min(first + sizes.block / 4u, fours);
  // A line of the cache at a time: the lines of neighbouring rows, a power of two apart, may displace each other before the
  // next step (lavapipe, 2026).
  for (var step = first; step < end; step += 4u) {
    var at: array<u32, 4>;
    var v: array<vec4f, 4>;
    for (var i = 0u; i < 4u; i++) {
      let place = min(step + i, end - 1u);
      at[i] = row * fours + select(place, fours - 1u - place, sizes.reverse == 1u);
      v[i] = x[at[i]];
    }
    for (var i = 0u; i < 4u; i++) {
      if (step + i >= end) { break; }
      if (sizes.reverse == 1u) { v[i] = v[i].wzyx; }
      let second = v[i].x + v[i].y;
      let third = second + v[i].z;
      let own = vec4f(v[i].x, second, third, third + v[i].w);
      if (PASS != TOTALS) {
        var sums = sum + select(own, vec4f(0.0, own.xyz), sizes.exclusive == 1u);
        if (sizes.reverse == 1u) { sums = sums.wzyx; }
        y[at[i]] = sums;
      }
      sum += own.w;
    }
  }
  if (PASS == TOTALS) { y[index] = vec4f(sum); }
}
