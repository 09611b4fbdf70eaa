// The k best rows of each block of rows for each query: those with the largest inner products
//   s[q, r] = sum over c of queries[q, c] * rows[r, c], f32, c ascending, one fused multiply-add after the other
// best first, of equal ones the smaller r; a NaN comes before all numbers. c runs over fours: extents in c are in fours.
//
// One workgroup takes QUERIES queries and one block of rows, ROWS of them at a time. An invocation computes ROWS_EACH x
// QUERIES_EACH products in registers and puts them into workgroup memory; then each of the first QUERIES invocations looks
// at the products of one query. It keeps the best so far in a heap with the worst at the root, of which it holds the rank,
// and in the end sorts it. Few products pass the root, and only those touch memory.
//
// launch: ceil(queryCount / (QUERIES_EACH * DOWN)) * ceil(rowCount / block) workgroups
// work: 8 * queryCount * rowCount * width operations

const QUERIES_EACH = 8u;    // knob: queries of an invocation
const ROWS_EACH = 8u;       // knob: rows of an invocation, a multiple of four
const DOWN = 4u;            // knob: invocations of a workgroup along the queries
const ACROSS = 8u;          // knob: invocations of a workgroup along the rows, at least QUERIES_EACH

const WIDTH = DOWN * ACROSS;
const QUERIES = QUERIES_EACH * DOWN;
const ROWS = ROWS_EACH * ACROSS;

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

var<workgroup> products: array<vec4f, QUERIES * ROWS / 4>;

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

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let blocks = (sizes.rowCount + sizes.block - 1u) / sizes.block;
  let tiles = (sizes.queryCount + QUERIES - 1u) / QUERIES;
  if (index >= tiles * blocks) { return; }
  let first_query = index / blocks * QUERIES;
  let block = index % blocks;
  let end = min((block + 1u) * sizes.block, sizes.rowCount);

  let down = local.x / ACROSS;
  let across = local.x % ACROSS;
  // Queries and rows past the edge read the last one, and are not looked at.
  var query_at: array<u32, QUERIES_EACH>;
  for (var i = 0u; i < QUERIES_EACH; i++) {
    query_at[i] = min(first_query + down * QUERIES_EACH + i, sizes.queryCount - 1u) * sizes.width;
  }
  let own = first_query + local.x;
  let is_owner = local.x < QUERIES && own < sizes.queryCount;
  let list = (own * blocks + block) * sizes.k;
  var kept = 0u;
  var worst = -MAGNITUDE;    // the rank at the root once the heap is full; until then, below that of every number

  for (var first_row = block * sizes.block; first_row < end; first_row += ROWS) {
    var row_at: array<u32, ROWS_EACH>;
    for (var j = 0u; j < ROWS_EACH; j++) {
      row_at[j] = min(first_row + across * ROWS_EACH + j, sizes.rowCount - 1u) * sizes.width;
    }
    // Declared without a value, it keeps the sums of the rows before (lavapipe, 2026).
    var sums = array<array<f32, ROWS_EACH>, QUERIES_EACH>();
    for (var c = 0u; c < sizes.width; c++) {
      var query: array<vec4f, QUERIES_EACH>;
      for (var i = 0u; i < QUERIES_EACH; i++) { query[i] = queries[query_at[i] + c]; }
      for (var j = 0u; j < ROWS_EACH; j++) {
        let row = rows[row_at[j] + c];
        for (var i = 0u; i < QUERIES_EACH; i++) {
          let halfway = fma(query[i].y, row.y, fma(query[i].x, row.x, sums[i][j]));
          sums[i][j] = fma(query[i].w, row.w, fma(query[i].z, row.z, halfway));
        }
      }
    }
    for (var i = 0u; i < QUERIES_EACH; i++) {
      for (var j = 0u; j < ROWS_EACH; j += 4u) {
        products[((down * QUERIES_EACH + i) * ROWS + across * ROWS_EACH + j) / 4u] =
          vec4f(sums[i][j], sums[i][j + 1u], sums[i][j + 2u], sums[i][j + 3u]);
      }
    }
    workgroupBarrier();
    if (is_owner) {
      for (var j = 0u; j < min(ROWS, end - first_row); j += 4u) {
        let four = products[(local.x * ROWS + j) / 4u];
        let bits = bitcast<vec4i>(four);
        // Rows come in ascending order, so one that is as good as the worst is not better.
        if (!any(ranks_of(bits) > vec4i(worst))) { continue; }
        for (var lane = 0u; lane < 4u; lane++) {
          let row = first_row + j + lane;
          if (row >= end || rank_of(bits[lane]) <= worst) { continue; }
          if (kept < sizes.k) {
            rise(list, kept, bits[lane], row);
            kept++;
          } else {
            sink(list, kept, bits[lane], row);
          }
          if (kept == sizes.k) { worst = rank_of(values[list]); }
        }
      }
    }
    workgroupBarrier();
  }

  if (is_owner) { finish(list, kept); }
}
