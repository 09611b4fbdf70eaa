// Second pass of one round of a stable counting sort: where the indices of a block that have a digit begin.
//   y[block, digit] = sum of counts over all blocks of the smaller digits, and over the earlier blocks of this digit
//
// One workgroup; invocation d adds up the digit d over the blocks.
//
// launch: 1 workgroup
// work: 2 * blocks * WIDTH operations

const WIDTH = 256u;      // knob: invocations of the workgroup, and values of a digit

struct Sizes {
  count: u32,            // indices
  blocks: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> counts: array<u32>;     // [blocks, WIDTH]
@group(0) @binding(2) var<storage, read_write> y: array<u32>;    // [blocks, WIDTH]

var<workgroup> totals: array<u32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  var total = 0u;
  for (var block = 0u; block < sizes.blocks; block++) { total += counts[block * WIDTH + local.x]; }
  totals[local.x] = total;
  workgroupBarrier();
  if (workgroup.x + workgroup.y != 0u) { return; }
  // Counted from the end: a missing barrier then shows also where invocations run one after the other, as on lavapipe.
  var begin = sizes.count;
  for (var digit = local.x; digit < WIDTH; digit++) { begin -= totals[digit]; }
  for (var block = 0u; block < sizes.blocks; block++) {
    y[block * WIDTH + local.x] = begin;
    begin += counts[block * WIDTH + local.x];
  }
}
