// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], plus bias[n] where BIAS is set; f32, with n, k and, where
// a is transposed, m multiples of four.
//
// As matmulSubgroups, with loads and stores of four neighbours at a time: a workgroup is one subgroup of 8 (or a part of a
// larger one) and computes 16 rows x 32 columns as outer products, four steps of k at a time. Each lane keeps the sums of
// all rows in four neighbouring columns of its own; the values of a go round by shuffles. Neighbouring workgroups own
// neighbouring columns.
//
// lavapipe, 2 cores, 2026: a tenth faster than matmulSubgroups, for a vector costs it as much as three loads of a number.
//
// launch: batch * ceil(m / 16) * ceil(n / 32) workgroups
// work: 2 * batch * m * n * k operations

enable subgroups;

const BIAS = false;            // knob: whether bias is added; without it the binding is never read
const AXES = 1u;               // knob: leading axes, 1 to 4, after those along which a and b have one stride are merged
const A_TRANSPOSED = false;    // knob: whether a is [.., k, m]
const B_TRANSPOSED = false;    // knob: whether b is [.., n, k]

const LANES = 8u;
const ROWS = 16u;

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
@group(0) @binding(1) var<storage, read> a: array<vec4f>;          // [.., m, k], or [.., k, m]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;          // [.., k, n], or [.., n, k]
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

// region: tile of a subgroup
@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let quads = sizes.n / 4u;
  let steps = sizes.k / 4u;
  let tiles_across = (quads + LANES - 1u) / LANES;
  let tiles_down = (sizes.m + ROWS - 1u) / ROWS;
  let quad = index % tiles_across * LANES + lane;
  let first_row = index / tiles_across % tiles_down * ROWS;
  let batch = index / tiles_across / tiles_down;
  if (batch >= sizes.batch) { return; }
  // end region

  // Rows and columns past the edge read the last one and are dropped at the store.
  let a_start = batch_start(batch, sizes.aBatchStrides) / 4u;
  var a_at: array<u32, 2>;
  var a_step: u32;
  if (A_TRANSPOSED) {
    // Half of the lanes load the 16 rows of one k, the others those of the next.
    let row_quads = sizes.m / 4u;
    a_at[0] = a_start + lane / 4u * row_quads + min(first_row / 4u + lane % 4u, row_quads - 1u);
    a_at[1] = a_at[0] + 2u * row_quads;
    a_step = 4u * row_quads;
  } else {
    for (var i = 0u; i < 2u; i++) { a_at[i] = a_start + min(first_row + LANES * i + lane, sizes.m - 1u) * steps; }
    a_step = 1u;
  }
  // region: columns of a lane
  let own_quad = min(quad, quads - 1u);
  let b_start = batch_start(batch, sizes.bBatchStrides) / 4u;
  let b_at = b_start + select(own_quad, own_quad * 4u * steps, B_TRANSPOSED);
  // To the next of four vectors, and to the next four.
  let b_next = select(quads, steps, B_TRANSPOSED);
  let b_step = select(4u * quads, 1u, B_TRANSPOSED);
  // end region

  var sums: array<vec4f, ROWS>;
  for (var step = 0u; step < steps; step++) {
    var down: array<vec4f, 2>;
    for (var i = 0u; i < 2u; i++) { down[i] = a[a_at[i] + step * a_step]; }
    var across: mat4x4f;
    for (var i = 0u; i < 4u; i++) { across[i] = b[b_at + i * b_next + step * b_step]; }
    if (B_TRANSPOSED) { across = transpose(across); }
    for (var k = 0u; k < 4u; k++) {
      for (var r = 0u; r < ROWS; r++) {
        var value: f32;
        if (A_TRANSPOSED) {
          value = subgroupShuffle(down[k / 2u][r % 4u], k % 2u * 4u + r / 4u);
        } else {
          value = subgroupShuffle(down[r / LANES][k], r % LANES);
        }
        sums[r] = fma(vec4f(value), across[k], sums[r]);
      }
    }
  }

  var added = vec4f();
  if (BIAS) { added = bias[own_quad]; }
  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  for (var i = 0u; i < ROWS / 4u; i++) {
    for (var r = 0u; r < 4u; r++) {
      var sum = sums[r];
      for (var j = 1u; j < ROWS / 4u; j++) { sum = select(sum, sums[4u * j + r], i == j); }
      let row = first_row + 4u * i + r;
      if (row < sizes.m && quad < quads) { c[(batch * sizes.m + row) * quads + quad] = sum + added; }
    }
  }
}
