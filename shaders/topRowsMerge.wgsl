// The k best of lists that topRowsBlocks makes: an entry's place is the number of entries that are better, which it counts
// in each list by halving, for the lists are sorted. The k first ones are written.
//
// One invocation places one entry.
//
// launch: ceil(queryCount * blocks * k / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup

// region: bits in order
const MAGNITUDE = 0x7fffffff;             // all bits of a number but its sign, and the largest whole number
const INFINITE = 0x7f800000;              // the magnitude of infinity; all above it are NaN
// end region

struct Sizes {
  queryCount: u32,
  blocks: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> blockValues: array<i32>;        // [queryCount, blocks, k] bits of f32
@group(0) @binding(2) var<storage, read> blockIndices: array<u32>;       // [queryCount, blocks, k]
@group(0) @binding(3) var<storage, read_write> values: array<i32>;       // [queryCount, k] bits of f32
@group(0) @binding(4) var<storage, read_write> indices: array<u32>;      // [queryCount, k]

// What to compare in place of the number of these bits: more for a larger one, most for a NaN.
fn rank_of(bits: i32) -> i32 {
  let magnitude = bits & MAGNITUDE;
  return select(select(magnitude, -magnitude, bits < 0), MAGNITUDE, magnitude > INFINITE);
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.queryCount * sizes.blocks * sizes.k) { return; }
  let list = index / sizes.k;
  let query = list / sizes.blocks;
  let bits = blockValues[index];
  let row = blockIndices[index];
  let rank = rank_of(bits);
  var place = index - list * sizes.k;
  for (var other = query * sizes.blocks; other < (query + 1u) * sizes.blocks; other++) {
    if (other == list) { continue; }
    var better = 0u;
    var end = sizes.k;
    while (better < end) {
      let middle = (better + end) / 2u;
      let at = other * sizes.k + middle;
      let found = rank_of(blockValues[at]);
      if (found > rank || (found == rank && blockIndices[at] < row)) { better = middle + 1u; } else { end = middle; }
    }
    place += better;
  }
  if (place < sizes.k) {
    values[query * sizes.k + place] = bits;
    indices[query * sizes.k + place] = row;
  }
}
