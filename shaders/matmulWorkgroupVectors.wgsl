// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], plus bias[n] where BIAS is set; f32, with n, k and, where
// a is transposed, m multiples of four.
//
// For GPUs: as matmulWorkgroup, with loads and stores of four neighbours at a time. A workgroup computes 4 ROWS DOWN x
// 4 ACROSS outputs (64 x 64 with the defaults) and walks along k, 4 DEPTH at a time, with a and b in workgroup memory
// as they lie (8 KiB): what is transposed is turned in registers, 4 x 4 at a time, which costs nothing. An invocation
// computes 4 ROWS x 4 outputs. All loads of a step stand before their first use, so that one wait covers them.
// Neighbouring workgroups own neighbouring columns. Designed from published results and not yet timed on a GPU. Not for
// lavapipe, where a barrier costs more than the loads it saves.
//
// launch: batch * ceil(m / (4 * ROWS * DOWN)) * ceil(n / (4 * ACROSS)) workgroups
// work: 2 * batch * m * n * k operations

const BIAS = false;            // knob: whether bias is added; without it the binding is never read
const AXES = 1u;               // knob: leading axes, 1 to 4, after those along which a and b have one stride are merged
const A_TRANSPOSED = false;    // knob: whether a is [.., k, m]
const B_TRANSPOSED = false;    // knob: whether b is [.., n, k]
const ROWS = 2u;               // knob: groups of four rows per invocation
const DOWN = 8u;               // knob: invocations along m
const ACROSS = 16u;            // knob: invocations along n; DOWN * ACROSS per workgroup
const DEPTH = 4u;              // knob: groups of four values of k per step

const WIDTH = DOWN * ACROSS;
const GROUPS = ROWS * DOWN;    // of four rows
const A_LOADS = (4u * GROUPS * DEPTH + WIDTH - 1u) / WIDTH;
const B_LOADS = (4u * ACROSS * DEPTH + WIDTH - 1u) / WIDTH;
// Neighbours that store values along k meet different banks.
const A_PITCH = select(4u * GROUPS + 2u, 4u * GROUPS, A_TRANSPOSED);
const B_PITCH = select(ACROSS, ACROSS + 1u, B_TRANSPOSED);

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

var<workgroup> a_tile: array<vec4f, DEPTH * A_PITCH>;        // [DEPTH, rows] along k, or [DEPTH, 4, GROUPS] along the rows
var<workgroup> b_tile: array<vec4f, 4u * DEPTH * B_PITCH>;   // [DEPTH, 4, B_PITCH]: four of k along n, or of n along k

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let quads = sizes.n / 4u;
  let depth = sizes.k / 4u;
  let tiles_across = (quads + ACROSS - 1u) / ACROSS;
  let tiles_down = (sizes.m + 4u * GROUPS - 1u) / (4u * GROUPS);
  let first_quad = index % tiles_across * ACROSS;
  let first_row = index / tiles_across % tiles_down * (4u * GROUPS);
  let batch = index / tiles_across / tiles_down;
  if (batch >= sizes.batch) { return; }
  let across = local % ACROSS;
  let down = local / ACROSS;
  let a_start = batch_start(batch, sizes.aBatchStrides) / 4u;
  let b_start = batch_start(batch, sizes.bBatchStrides) / 4u;
  let groups = sizes.m / 4u;   // only where a is transposed, and all rows are in groups
  let own_d = local % DEPTH;

  var sums: array<array<vec4f, 4>, ROWS>;
  for (var first = 0u; first < depth; first += DEPTH) {
    // What lies past the end is read from the last place there is. It becomes 0 by `select`, never by a product, for 0
    // times an infinity is NaN; rows and columns past the end are dropped at the store.
    var loaded_a: array<vec4f, A_LOADS>;
    for (var t = 0u; t < A_LOADS; t++) {
      let n = local + t * WIDTH;
      if (A_TRANSPOSED) {
        let row_of_k = min(4u * first + n / GROUPS, sizes.k - 1u);
        let group = min(first_row / 4u + n % GROUPS, groups - 1u);
        loaded_a[t] = a[a_start + row_of_k * groups + group];
      } else {
        let row = min(first_row + n / DEPTH, sizes.m - 1u);
        loaded_a[t] = a[a_start + row * depth + min(first + own_d, depth - 1u)];
      }
    }
    var loaded_b: array<vec4f, B_LOADS>;
    for (var t = 0u; t < B_LOADS; t++) {
      let n = local + t * WIDTH;
      if (B_TRANSPOSED) {
        let column = min(4u * first_quad + n / DEPTH, sizes.n - 1u);
        loaded_b[t] = b[b_start + column * depth + min(first + own_d, depth - 1u)];
      } else {
        let row_of_k = min(4u * first + n / ACROSS, sizes.k - 1u);
        loaded_b[t] = b[b_start + row_of_k * quads + min(first_quad + across, quads - 1u)];
      }
    }

    for (var t = 0u; t < A_LOADS; t++) {
      let n = local + t * WIDTH;
      let d = select(own_d, n / GROUPS / 4u, A_TRANSPOSED);
      let at = select(own_d * A_PITCH + n / DEPTH, n, A_TRANSPOSED);
      let value = select(vec4f(), loaded_a[t], first + d < depth);
      if (4u * GROUPS * DEPTH % WIDTH == 0u || n < 4u * GROUPS * DEPTH) { a_tile[at] = value; }
    }
    for (var t = 0u; t < B_LOADS; t++) {
      let n = local + t * WIDTH;
      let column = n / DEPTH;
      let d = select(n / ACROSS / 4u, own_d, B_TRANSPOSED);
      let at = select(n, (own_d * 4u + column % 4u) * B_PITCH + column / 4u, B_TRANSPOSED);
      let value = select(vec4f(), loaded_b[t], first + d < depth);
      if (4u * ACROSS * DEPTH % WIDTH == 0u || n < 4u * ACROSS * DEPTH) { b_tile[at] = value; }
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let b_at = d * 4u * B_PITCH + across;
      var along_n = mat4x4f(
        b_tile[b_at], b_tile[b_at + B_PITCH], b_tile[b_at + 2u * B_PITCH], b_tile[b_at + 3u * B_PITCH],
      );
      if (B_TRANSPOSED) { along_n = transpose(along_n); }
      for (var i = 0u; i < ROWS; i++) {
        let group = i * DOWN + down;
        let a_at = d * A_PITCH + select(4u * group, group, A_TRANSPOSED);
        let step = select(1u, GROUPS, A_TRANSPOSED);
        var along_k = mat4x4f(a_tile[a_at], a_tile[a_at + step], a_tile[a_at + 2u * step], a_tile[a_at + 3u * step]);
        if (A_TRANSPOSED) { along_k = transpose(along_k); }
        for (var e = 0u; e < 4u; e++) {
          sums[i][e] = fma(vec4f(along_k[e].x), along_n[0], sums[i][e]);
          sums[i][e] = fma(vec4f(along_k[e].y), along_n[1], sums[i][e]);
          sums[i][e] = fma(vec4f(along_k[e].z), along_n[2], sums[i][e]);
          sums[i][e] = fma(vec4f(along_k[e].w), along_n[3], sums[i][e]);
        }
      }
    }
    workgroupBarrier();
  }

  let quad = first_quad + across;
  if (quad >= quads) { return; }
  var added = vec4f();
  if (BIAS) { added = bias[quad]; }
  for (var i = 0u; i < ROWS; i++) {
    for (var e = 0u; e < 4u; e++) {
      let row = first_row + (i * DOWN + down) * 4u + e;
      if (row < sizes.m) { c[(batch * sizes.m + row) * quads + quad] = sums[i][e] + added; }
    }
  }
}
