// Running sums along rows, as cumulativeSum has them, for inner = 1 and rows of any length.
//
// One workgroup walks one block of a row, 4 * WIDTH numbers at a time: an invocation adds up four neighbours, the totals of
// all invocations become running sums in workgroup memory, in log2(WIDTH) steps, and each continues from its own.
//
// launch: outer * ceil(length / block) workgroups
// work: outer * length * inner operations

const PASS = LINES;      // knob: which launch
const WIDTH = 128u;      // knob: invocations per workgroup, a power of two

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
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [outer, length]
@group(0) @binding(2) var<storage, read> before: array<f32>;     // [outer, blocks], read by BLOCKS alone
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [outer, length or blocks]

var<workgroup> totals: array<f32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let blocks = (sizes.length + sizes.block - 1u) / sizes.block;
  if (index >= sizes.outer * blocks) { return; }
  let row = index / blocks;
  let begin = (index - row * blocks) * sizes.block;
  let end = min(begin + sizes.block, sizes.length);
  var base = 0.0;
  if (PASS == BLOCKS) { base = before[index]; }
  for (var tile = begin; tile < end; tile += 4u * WIDTH) {
    var sums: array<f32, 4>;    // of this number and those before it that are this invocation's
    var sum = 0.0;
    for (var i = 0u; i < 4u; i++) {
      let step = tile + 4u * local.x + i;
      if (step < end) {
        sum += x[row * sizes.length + select(step, sizes.length - 1u - step, sizes.reverse == 1u)];
      }
      sums[i] = sum;
    }
    totals[local.x] = sum;
    for (var reach = 1u; reach < WIDTH; reach *= 2u) {
      workgroupBarrier();
      var other = 0.0;
      if (local.x >= reach) { other = totals[local.x - reach]; }
      workgroupBarrier();
      if (local.x >= reach) { totals[local.x] += other; }
    }
    workgroupBarrier();
    if (PASS != TOTALS) {
      var start = base;
      if (local.x > 0u) { start += totals[local.x - 1u]; }
      for (var i = 0u; i < 4u; i++) {
        let step = tile + 4u * local.x + i;
        var earlier = 0.0;
        if (i > 0u) { earlier = sums[max(i, 1u) - 1u]; }
        if (step < end) {
          y[row * sizes.length + select(step, sizes.length - 1u - step, sizes.reverse == 1u)] =
            start + select(sums[i], earlier, sizes.exclusive == 1u);
        }
      }
    }
    base += totals[WIDTH - 1u];
    workgroupBarrier();
  }
  if (PASS == TOTALS && local.x == 0u) { y[index] = base; }
}
