// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], plus bias[n] where BIAS is set; f32, n a multiple
// of four and b not transposed.
//
// As matmulTile, with four neighbouring columns in a vector: one invocation computes ROWS x 4 QUADS outputs, and a
// row of b is read in vectors.
//
// launch: ceil(batch * ceil(m / ROWS) * ceil(n / (4 * QUADS)) / WIDTH) workgroups
// work: 2 * batch * m * n * k operations

const BIAS = false;      // knob: whether bias is added; without it the binding is never read
const AXES = 1u;         // knob: leading axes, 1 to 4, after those along which a and b have one stride are merged
const ROWS = 8u;         // knob: outputs per invocation along m
const QUADS = 4u;        // knob: groups of four outputs per invocation along n
const WIDTH = 64u;       // knob: invocations per workgroup

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
  bBatchStrides: vec4u,  // multiples of four
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;            // [.., m, k], or [.., k, m]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;          // [.., k, n]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;       // [n]
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>;    // [batch, m, n]

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

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let quads = sizes.n / 4u;
  let tiles_across = (quads + QUADS - 1u) / QUADS;
  let tiles_down = (sizes.m + ROWS - 1u) / ROWS;
  if (index >= sizes.batch * tiles_down * tiles_across) { return; }
  let first_quad = index % tiles_across * QUADS;
  let first_row = index / tiles_across % tiles_down * ROWS;
  let batch = index / tiles_across / tiles_down;

  // region: rows of a
  // Rows and columns past the edge read the last one and are dropped at the store.
  let a_start = batch_start(batch, sizes.aBatchStrides);
  var a_at: array<u32, ROWS>;
  for (var i = 0u; i < ROWS; i++) {
    a_at[i] = a_start + min(first_row + i, sizes.m - 1u) * sizes.aRowStride;
  }
  // end region
  let b_start = batch_start(batch, sizes.bBatchStrides) / 4u;
  var b_at: array<u32, QUADS>;
  var sums: array<array<vec4f, QUADS>, ROWS>;
  for (var j = 0u; j < QUADS; j++) {
    let quad = min(first_quad + j, quads - 1u);
    b_at[j] = b_start + quad;
    if (BIAS) {
      for (var i = 0u; i < ROWS; i++) { sums[i][j] = bias[quad]; }
    }
  }

  for (var k = 0u; k < sizes.k; k++) {
    var across: array<vec4f, QUADS>;
    for (var j = 0u; j < QUADS; j++) { across[j] = b[b_at[j] + k * quads]; }
    for (var i = 0u; i < ROWS; i++) {
      let value = vec4f(a[a_at[i] + k * sizes.aColumnStride]);
      for (var j = 0u; j < QUADS; j++) { sums[i][j] = fma(value, across[j], sums[i][j]); }
    }
  }

  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  for (var row = first_row; row < min(first_row + ROWS, sizes.m); row++) {
    for (var j = 0u; j < QUADS; j++) {
      var sum = sums[0][j];
      for (var i = 1u; i < ROWS; i++) { sum = select(sum, sums[i][j], row == first_row + i); }
      if (first_quad + j < quads) { c[(batch * sizes.m + row) * quads + first_quad + j] = sum; }
    }
  }
}
