// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], plus bias[n] where BIAS is set; f32.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 8 DOWN rows x 8 ACROSS columns as outer
// products: for each k a lane loads DOWN values of a, of rows of its own, and ACROSS values of b, of columns of its own;
// the values of a go round by shuffles. Each lane keeps its columns' sums of all rows. Neighbouring workgroups own
// neighbouring columns. Transposed and broadcast operands differ only in their strides.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// lavapipe, 2 cores, 2026: twice matmulTileVectors, for a value is loaded by one lane for all eight.
//
// launch: batch * ceil(m / (8 * DOWN)) * ceil(n / (8 * ACROSS)) workgroups
// work: 2 * batch * m * n * k operations

enable subgroups;

const BIAS = false;      // knob: whether bias is added; without it the binding is never read
const AXES = 1u;         // knob: leading axes, 1 to 4, after those along which a and b have one stride are merged
const DOWN = 2u;         // knob: values of a per lane
const ACROSS = 4u;       // knob: values of b per lane

const LANES = 8u;
const ROWS = LANES * DOWN;

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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let tiles_across = (sizes.n + LANES * ACROSS - 1u) / (LANES * ACROSS);
  let tiles_down = (sizes.m + ROWS - 1u) / ROWS;
  let first_column = index % tiles_across * (LANES * ACROSS) + lane;
  let first_row = index / tiles_across % tiles_down * ROWS;
  let batch = index / tiles_across / tiles_down;
  if (batch >= sizes.batch) { return; }

  // Rows and columns past the edge read the last one and are dropped at the store.
  let a_start = batch_start(batch, sizes.aBatchStrides);
  var a_at: array<u32, DOWN>;
  for (var i = 0u; i < DOWN; i++) {
    a_at[i] = a_start + min(first_row + LANES * i + lane, sizes.m - 1u) * sizes.aRowStride;
  }
  let b_start = batch_start(batch, sizes.bBatchStrides);
  var b_at: array<u32, ACROSS>;
  for (var j = 0u; j < ACROSS; j++) {
    b_at[j] = b_start + min(first_column + LANES * j, sizes.n - 1u) * sizes.bColumnStride;
  }

  var sums: array<array<f32, ACROSS>, ROWS>;
  for (var k = 0u; k < sizes.k; k++) {
    var down: array<f32, DOWN>;
    for (var i = 0u; i < DOWN; i++) { down[i] = a[a_at[i] + k * sizes.aColumnStride]; }
    var across: array<f32, ACROSS>;
    for (var j = 0u; j < ACROSS; j++) { across[j] = b[b_at[j] + k * sizes.bRowStride]; }
    for (var r = 0u; r < ROWS; r++) {
      let value = subgroupShuffle(down[r / LANES], r % LANES);
      for (var j = 0u; j < ACROSS; j++) { sums[r][j] = fma(value, across[j], sums[r][j]); }
    }
  }

  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  for (var row = first_row; row < min(first_row + ROWS, sizes.m); row++) {
    for (var j = 0u; j < ACROSS; j++) {
      var sum = sums[0][j];
      for (var r = 1u; r < ROWS; r++) { sum = select(sum, sums[r][j], row == first_row + r); }
      let column = first_column + LANES * j;
      if (column < sizes.n) {
        if (BIAS) { sum += bias[column]; }
        c[(batch * sizes.m + row) * sizes.n + column] = sum;
      }
    }
  }
}
