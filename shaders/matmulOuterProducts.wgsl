// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], plus bias[n] where BIAS is set; f32, with n, k and, where
// a is transposed, m multiples of four.
//
// As matmulSubgroupVectors, with 32 rows x 32 columns a subgroup: a value is loaded for twice as many products. All loads of a turn
// come first, then one block of multiply-adds, a function for each eight rows: a loop over all of them would not be unrolled.
//
// launch: batch * ceil(m / 32) * ceil(n / 32) workgroups
// work: 2 * batch * m * n * k operations

enable subgroups;

const BIAS = false;            // knob: whether bias is added; without it the binding is never read
const AXES = 1u;               // knob: leading axes, 1 to 4, after those along which a and b have one stride are merged
const A_TRANSPOSED = false;    // knob: whether a is [.., k, m]
const B_TRANSPOSED = false;    // knob: whether b is [.., n, k]

const LANES = 8u;
const LOADS = 4u;
const ROWS = 32u;

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

// Adds the products of eight rows, the first of them the eighth of that number, with this lane's four columns. A lane has four steps of
// k of one of the eight rows in down[eighth]; where a is transposed, four of all 32 rows at each step of k.
fn add_products(sums: ptr<function, array<vec4f, LANES>>, eighth: u32, down: mat4x4f, across: mat4x4f) {
  for (var r = 0u; r < LANES; r++) {
    for (var k = 0u; k < 4u; k++) {
      var value: f32;
      if (A_TRANSPOSED) {
        value = subgroupShuffle(down[k][r % 4u], 2u * eighth + r / 4u);
      } else {
        value = subgroupShuffle(down[eighth][k], r);
      }
      sums[r] = fma(vec4f(value), across[k], sums[r]);
    }
  }
}

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
  var a_at: array<u32, LOADS>;
  var a_step = 1u;
  for (var i = 0u; i < LOADS; i++) {
    if (A_TRANSPOSED) {
      let row_quads = sizes.m / 4u;
      a_at[i] = a_start + i * row_quads + min(first_row / 4u + lane, row_quads - 1u);
      a_step = 4u * row_quads;
    } else {
      a_at[i] = a_start + min(first_row + LANES * i + lane, sizes.m - 1u) * steps;
    }
  }
  // region: columns of a lane
  let own_quad = min(quad, quads - 1u);
  let b_start = batch_start(batch, sizes.bBatchStrides) / 4u;
  let b_at = b_start + select(own_quad, own_quad * 4u * steps, B_TRANSPOSED);
  // To the next of four vectors, and to the next four.
  let b_next = select(quads, steps, B_TRANSPOSED);
  let b_step = select(4u * quads, 1u, B_TRANSPOSED);
  // end region

  var sums0: array<vec4f, LANES>;
  var sums1: array<vec4f, LANES>;
  var sums2: array<vec4f, LANES>;
  var sums3: array<vec4f, LANES>;
  for (var step = 0u; step < steps; step++) {
    var down: mat4x4f;
    for (var i = 0u; i < LOADS; i++) { down[i] = a[a_at[i] + step * a_step]; }
    var across: mat4x4f;
    for (var i = 0u; i < 4u; i++) { across[i] = b[b_at + i * b_next + step * b_step]; }
    if (B_TRANSPOSED) { across = transpose(across); }
    add_products(&sums0, 0u, down, across);
    add_products(&sums1, 1u, down, across);
    add_products(&sums2, 2u, down, across);
    add_products(&sums3, 3u, down, across);
  }

  var added = vec4f();
  if (BIAS) { added = bias[own_quad]; }
  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  for (var r = 0u; r < LANES; r++) {
    var picked: array<vec4f, LOADS>;
    for (var i = 0u; i < LANES; i++) {
      picked[0] = select(picked[0], sums0[i], r == i);
      picked[1] = select(picked[1], sums1[i], r == i);
      picked[2] = select(picked[2], sums2[i], r == i);
      picked[3] = select(picked[3], sums3[i], r == i);
    }
    for (var i = 0u; i < LOADS; i++) {
      var sum = picked[0];
      for (var j = 1u; j < LOADS; j++) { sum = select(sum, picked[j], i == j); }
      let row = first_row + LANES * i + r;
      if (row < sizes.m && quad < quads) { c[(batch * sizes.m + row) * quads + quad] = sum + added; }
    }
  }
}
