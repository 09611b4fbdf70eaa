// The k best rows of each block of rows for each query, as topRowsBlocks has them, with the same sums and the same bits.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and takes QUERIES queries and one block of rows, ROWS of them
// at a time, as outer products: for each four columns a lane loads DOWN queries and ACROSS rows of its own, and the queries go
// round by shuffles. Then each lane looks at the products of its own queries.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// launch: ceil(queryCount / (8 * DOWN)) * ceil(rowCount / block) workgroups
// work: 8 * queryCount * rowCount * width operations

enable subgroups;

const DOWN = 2u;         // knob: queries per lane

const ACROSS = 4u;       // rows per lane
const LANES = 8u;
const QUERIES = LANES * DOWN;
const ROWS = LANES * ACROSS;

// region: bits in order
const MAGNITUDE = 0x7fffffff;             // all bits of a number but its sign, and the largest whole number
const INFINITE = 0x7f800000;              // the magnitude of infinity; all above it are NaN
// end region
const NEGATIVE_INFINITY = -0x00800000;    // the bits of -infinity
const NONE = 0xffffffffu;                 // in the place of a row where a block has fewer than k

// region: lists of blocks
struct Sizes {
  queryCount: u32,
  rowCount: u32,
  width: u32,            // fours of a query and of a row
  k: u32,
  block: u32,            // rows of a block
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;          // [queryCount, width]
@group(0) @binding(2) var<storage, read> rows: array<vec4f>;             // [rowCount, width]
@group(0) @binding(3) var<storage, read_write> values: array<i32>;       // [queryCount, blocks, k] bits of f32
@group(0) @binding(4) var<storage, read_write> indices: array<u32>;      // [queryCount, blocks, k]
// end region

var<workgroup> products: array<vec4f, QUERIES * LANES>;

// region: heap of the best
// What to compare in place of the number of these bits: more for a larger one, most for a NaN.
fn rank_of(bits: i32) -> i32 {
  let magnitude = bits & MAGNITUDE;
  return select(select(magnitude, -magnitude, bits < 0), MAGNITUDE, magnitude > INFINITE);
}

fn ranks_of(bits: vec4i) -> vec4i {
  let magnitude = bits & vec4i(MAGNITUDE);
  return select(select(magnitude, -magnitude, bits < vec4i(0)), vec4i(MAGNITUDE), magnitude > vec4i(INFINITE));
}

// Puts an entry into a heap of `count` entries from `first` on, from the place `hole` downwards: entries above are no better
// than those below them.
fn sink(first: u32, count: u32, bits: i32, row: u32) {
  let rank = rank_of(bits);
  var hole = 0u;
  loop {
    var child = 2u * hole + 1u;
    if (child >= count) { break; }
    var below = rank_of(values[first + child]);
    var row_below = indices[first + child];
    if (child + 1u < count) {
      let other = rank_of(values[first + child + 1u]);
      let row_other = indices[first + child + 1u];
      if (other < below || (other == below && row_other > row_below)) {
        child++;
        below = other;
        row_below = row_other;
      }
    }
    if (rank < below || (rank == below && row > row_below)) { break; }
    values[first + hole] = values[first + child];
    indices[first + hole] = row_below;
    hole = child;
  }
  values[first + hole] = bits;
  indices[first + hole] = row;
}

// Puts an entry into a heap of `count` entries as the last one, and moves it upwards.
fn rise(first: u32, count: u32, bits: i32, row: u32) {
  let rank = rank_of(bits);
  var hole = count;
  while (hole > 0u) {
    let parent = (hole - 1u) / 2u;
    let above = rank_of(values[first + parent]);
    let row_above = indices[first + parent];
    if (above < rank || (above == rank && row_above > row)) { break; }
    values[first + hole] = values[first + parent];
    indices[first + hole] = row_above;
    hole = parent;
  }
  values[first + hole] = bits;
  indices[first + hole] = row;
}

// Sorts a heap of `count` entries, the best first, and fills the list up with entries that are worse than all others.
fn finish(first: u32, count: u32) {
  for (var last = count - 1u; last > 0u; last--) {
    let bits = values[first + last];
    let row = indices[first + last];
    values[first + last] = values[first];
    indices[first + last] = indices[first];
    sink(first, last, bits, row);
  }
  for (var i = count; i < sizes.k; i++) {
    values[first + i] = NEGATIVE_INFINITY;
    indices[first + i] = NONE;
  }
}
// end region

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let blocks = (sizes.rowCount + sizes.block - 1u) / sizes.block;
  let tiles = (sizes.queryCount + QUERIES - 1u) / QUERIES;
  if (index >= tiles * blocks) { return; }
  let first_query = index / blocks * QUERIES;
  let block = index % blocks;
  let end = min((block + 1u) * sizes.block, sizes.rowCount);

  // Queries and rows past the edge read the last one, and are not looked at.
  var query_at: array<u32, DOWN>;
  var lists: array<u32, DOWN>;
  var kept: array<u32, DOWN>;
  var worst: array<i32, DOWN>;    // the rank at the root once the heap is full; until then, below that of every number
  for (var i = 0u; i < DOWN; i++) {
    let own = first_query + LANES * i + lane;
    query_at[i] = min(own, sizes.queryCount - 1u) * sizes.width;
    lists[i] = (own * blocks + block) * sizes.k;
    worst[i] = -MAGNITUDE;
  }

  for (var first_row = block * sizes.block; first_row < end; first_row += ROWS) {
    var row_at: array<u32, ACROSS>;
    for (var j = 0u; j < ACROSS; j++) {
      row_at[j] = min(first_row + lane * ACROSS + j, sizes.rowCount - 1u) * sizes.width;
    }
    // Declared without a value, it keeps the sums of the rows before (lavapipe, 2026).
    var sums = array<vec4f, QUERIES>();
    for (var c = 0u; c < sizes.width; c++) {
      var query: array<vec4f, DOWN>;
      for (var i = 0u; i < DOWN; i++) { query[i] = queries[query_at[i] + c]; }
      let first = rows[row_at[0] + c];
      let second = rows[row_at[1] + c];
      let third = rows[row_at[2] + c];
      let fourth = rows[row_at[3] + c];
      for (var q = 0u; q < QUERIES; q++) {
        let other = subgroupShuffle(query[q / LANES], q % LANES);
        var sum = sums[q];
        sum = fma(vec4f(other.x), vec4f(first.x, second.x, third.x, fourth.x), sum);
        sum = fma(vec4f(other.y), vec4f(first.y, second.y, third.y, fourth.y), sum);
        sum = fma(vec4f(other.z), vec4f(first.z, second.z, third.z, fourth.z), sum);
        sums[q] = fma(vec4f(other.w), vec4f(first.w, second.w, third.w, fourth.w), sum);
      }
    }
    for (var q = 0u; q < QUERIES; q++) { products[q * LANES + lane] = sums[q]; }
    workgroupBarrier();
    for (var i = 0u; i < DOWN; i++) {
      if (first_query + LANES * i + lane >= sizes.queryCount) { continue; }
      for (var j = 0u; j < LANES; j++) {
        let bits = bitcast<vec4i>(products[(LANES * i + lane) * LANES + j]);
        // Rows come in ascending order, so one that is as good as the worst is not better.
        if (!any(ranks_of(bits) > vec4i(worst[i]))) { continue; }
        for (var place = 0u; place < 4u; place++) {
          let row = first_row + 4u * j + place;
          if (row >= end || rank_of(bits[place]) <= worst[i]) { continue; }
          if (kept[i] < sizes.k) {
            rise(lists[i], kept[i], bits[place], row);
            kept[i]++;
          } else {
            sink(lists[i], kept[i], bits[place], row);
          }
          if (kept[i] == sizes.k) { worst[i] = rank_of(values[lists[i]]); }
        }
      }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < DOWN; i++) {
    if (first_query + LANES * i + lane < sizes.queryCount) { finish(lists[i], kept[i]); }
  }
}
