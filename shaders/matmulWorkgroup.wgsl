// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], plus bias[n] where BIAS is set; f32.
//
// For GPUs: a workgroup computes 4 ROWS DOWN x 4 ACROSS outputs (64 x 64 with the defaults) and walks along k, DEPTH
// at a time, with a and b in workgroup memory (8 KiB); an invocation computes 4 ROWS x 4 of them in registers, from
// ROWS + 1 vectors per k. Neighbouring workgroups own neighbouring columns. Transposed and broadcast operands differ
// only in their strides: neighbouring invocations load along whichever axis is contiguous. Designed from published
// results and not yet timed on a GPU. Not for lavapipe, where a barrier costs more than the loads it saves.
//
// launch: batch * ceil(m / (4 * ROWS * DOWN)) * ceil(n / (4 * ACROSS)) workgroups
// work: 2 * batch * m * n * k operations

const BIAS = false;      // knob: whether bias is added; without it the binding is never read
const AXES = 1u;         // knob: leading axes, 1 to 4, after those along which a and b have one stride are merged
const ROWS = 2u;         // knob: groups of four rows per invocation
const DOWN = 8u;         // knob: invocations along m
const ACROSS = 16u;      // knob: invocations along n; DOWN * ACROSS per workgroup
const DEPTH = 16u;       // knob: values of k per step

const WIDTH = DOWN * ACROSS;
const TILE_ROWS = 4u * ROWS * DOWN;
const TILE_COLUMNS = 4u * ACROSS;
const A_PITCH = ROWS * DOWN + 1u;   // neighbours that store values along k meet different banks
const B_PITCH = ACROSS + 1u;

struct Sizes {
  // region: product extents
  batch: u32,
  m: u32,
  n: u32,
  k: u32,
  batches: vec4u,        // extents of the leading axes, innermost first
  aBatchStrides: vec4u,  // along these; 0 where one a serves them all
  aRowStride: u32,
  aColumnStride: u32,
  // end region
  // region: product operands
  bBatchStrides: vec4u,  // 0 where one b serves every batch
  bRowStride: u32,
  bColumnStride: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [.., m, k], or [.., k, m]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [.., k, n], or [.., n, k]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> c: array<f32>;    // [batch, m, n]
  // end region

// region: batch start
// Where a matrix of a batch begins.
fn batch_start(batch: u32, strides: vec4u) -> u32 {
  var start = 0u;
  var rest = batch;
  for (var axis = 0u; axis + 1u < AXES; axis++) {
    start += rest % sizes.batches[axis] * strides[axis];
    rest /= sizes.batches[axis];
  }
  return start + rest * strides[AXES - 1u];
}
// end region

var<workgroup> a_tile: array<vec4f, DEPTH * A_PITCH>;   // [DEPTH, A_PITCH], four rows each
var<workgroup> b_tile: array<vec4f, DEPTH * B_PITCH>;   // [DEPTH, B_PITCH], four columns each

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let tiles_across = (sizes.n + TILE_COLUMNS - 1u) / TILE_COLUMNS;
  let tiles_down = (sizes.m + TILE_ROWS - 1u) / TILE_ROWS;
  let first_column = index % tiles_across * TILE_COLUMNS;
  let first_row = index / tiles_across % tiles_down * TILE_ROWS;
  let batch = index / tiles_across / tiles_down;
  if (batch >= sizes.batch) { return; }
  let across = local % ACROSS;
  let down = local / ACROSS;
  let a_start = batch_start(batch, sizes.aBatchStrides);
  let b_start = batch_start(batch, sizes.bBatchStrides);

  var sums: array<array<vec4f, 4>, ROWS>;
  for (var first = 0u; first < sizes.k; first += DEPTH) {
    // Whole vectors: invocations that write parts of one would race.
    for (var n = local; n < ROWS * DOWN * DEPTH; n += WIDTH) {
      let along_k = sizes.aColumnStride == 1u;
      let group = select(n % (ROWS * DOWN), n / DEPTH, along_k);
      let d = select(n / (ROWS * DOWN), n % DEPTH, along_k);
      let at = a_start + (first + d) * sizes.aColumnStride;
      var value = vec4f();
      for (var e = 0u; e < 4u; e++) {
        let row = first_row + 4u * group + e;
        if (row < sizes.m && first + d < sizes.k) { value[e] = a[at + row * sizes.aRowStride]; }
      }
      a_tile[d * A_PITCH + group] = value;
    }
    for (var n = local; n < ACROSS * DEPTH; n += WIDTH) {
      let along_k = sizes.bRowStride == 1u;
      let group = select(n % ACROSS, n / DEPTH, along_k);
      let d = select(n / ACROSS, n % DEPTH, along_k);
      let at = b_start + (first + d) * sizes.bRowStride;
      var value = vec4f();
      for (var e = 0u; e < 4u; e++) {
        let column = first_column + 4u * group + e;
        if (column < sizes.n && first + d < sizes.k) { value[e] = b[at + column * sizes.bColumnStride]; }
      }
      b_tile[d * B_PITCH + group] = value;
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let columns = b_tile[d * B_PITCH + across];
      for (var i = 0u; i < ROWS; i++) {
        let rows = a_tile[d * A_PITCH + i * DOWN + down];
        // region: outer product
        sums[i][0] = fma(vec4f(rows.x), columns, sums[i][0]);
        sums[i][1] = fma(vec4f(rows.y), columns, sums[i][1]);
        sums[i][2] = fma(vec4f(rows.z), columns, sums[i][2]);
        sums[i][3] = fma(vec4f(rows.w), columns, sums[i][3]);
        // end region
      }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < ROWS; i++) {
    for (var e = 0u; e < 4u; e++) {
      let row = first_row + (i * DOWN + down) * 4u + e;
      for (var j = 0u; j < 4u; j++) {
        let column = first_column + across * 4u + j;
        if (row < sizes.m && column < sizes.n) {
          var sum = sums[i][e][j];
          if (BIAS) { sum += bias[column]; }
          c[(batch * sizes.m + row) * sizes.n + column] = sum;
        }
      }
    }
  }
}
