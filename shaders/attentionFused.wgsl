// Attention, with scores that are never stored in a buffer, f32:
//   s[b, t, j] = scale * sum over c of q[b, t, c] * k[b, j, c] + mask[b, t, j],   logSums[b, t] = log(sum over j of exp(s[b, t, j]))
//   y[b, t, c] = sum over j of exp(s[b, t, j] - logSums[b, t]) * v[b, j, c]
// A key whose mask is -Infinity, or that comes after the row where causal is 1, has the weight 0. In a row without any
// other key all weights are 0, and the logSum is the largest number of f32.
//
// For GPUs: a workgroup computes 32 rows x 64 columns of y (with more columns the scores are computed again for each 64),
// and walks along the keys, 32 at a time. Their scores lie in workgroup memory; the sums so far are relative to the largest
// score so far, and are scaled down when a larger one comes (Milakov and Gimelshein, 2018; Dao et al., FlashAttention,
// 2022), so that any number of keys will do. An invocation computes 4 x 2 scores and 4 rows x four columns of y in
// registers; four invocations share the exponentials of a row. 13 KiB of workgroup memory. Designed from published
// results and not yet timed on a GPU. Not for lavapipe, where a barrier costs more than the loads it saves.
//
// launch: batch * ceil(rows / 32) * ceil(valueWidth / 64) workgroups
// work: 2 * batch * rows * columns * (width * ceil(valueWidth / 64) + valueWidth) operations

const MASKED = false;    // knob: whether there is a mask; without it the binding is never read

const ROWS = 32u;        // rows of a tile
const KEYS = 32u;        // keys of a tile
const DEPTH = 16u;       // columns of q and k, and keys of v, in workgroup memory at a time
const ACROSS = 16u;      // invocations along the keys, and along the columns of y
const DOWN = 8u;         // invocations along the rows
const WIDTH = ACROSS * DOWN;
const SHARE = 4u;        // invocations that share the exponentials of a row: WIDTH / ROWS
const PITCH = 33u;       // neighbours meet different banks

struct Sizes {
  // region: scores and their mask
  batch: u32,
  rows: u32,             // T
  columns: u32,          // S
  scale: f32,
  causal: u32,           // 1 where row t sees keys 0 to t alone
  maskEvery: u32,        // batches that follow each other by the inner stride
  maskOuterStride: u32,
  maskInnerStride: u32,
  maskRowStride: u32,
  maskColumnStride: u32,
  // end region
  width: u32,
  valueWidth: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> q: array<f32>;                 // [batch, T, width]
@group(0) @binding(2) var<storage, read> k: array<f32>;                 // [batch, S, width]
@group(0) @binding(3) var<storage, read> v: array<f32>;                 // [batch, S, valueWidth]
@group(0) @binding(4) var<storage, read> mask: array<f32>;              // broadcast to [batch, T, S]
@group(0) @binding(5) var<storage, read_write> y: array<f32>;           // [batch, T, valueWidth]
@group(0) @binding(6) var<storage, read_write> logSums: array<f32>;     // [batch, T]

var<workgroup> q_tile: array<f32, DEPTH * PITCH>;          // [DEPTH, ROWS]
var<workgroup> k_tile: array<f32, DEPTH * PITCH>;          // [DEPTH, KEYS]
var<workgroup> v_tile: array<vec4f, DEPTH * ACROSS>;       // [DEPTH keys, 64 columns]
var<workgroup> weights: array<f32, ROWS * PITCH>;          // [ROWS, KEYS], scores at first
var<workgroup> shared_parts: array<f32, WIDTH>;            // of each row's four invocations
var<workgroup> factors: array<f32, ROWS>;                  // what the sums so far are scaled with

// region: mask of a row
const LARGEST = 0x1.fffffep+127f;
const NEGATIVE_INFINITE = -0x00800000;    // by its bits: WGSL lets a compiler assume that there are no infinities

fn mask_start(batch: u32, row: u32) -> u32 {
  return batch / sizes.maskEvery * sizes.maskOuterStride + batch % sizes.maskEvery * sizes.maskInnerStride +
    row * sizes.maskRowStride;
}
// end region
const LEAST = -0x1.fffffcp+127f;         // -LARGEST stands for a key that is left out, this for a score as small

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let blocks = (sizes.valueWidth + 4u * ACROSS - 1u) / (4u * ACROSS);
  let tiles = (sizes.rows + ROWS - 1u) / ROWS;
  let block = index % blocks;
  let first_row = index / blocks % tiles * ROWS;
  let batch = index / blocks / tiles;
  if (batch >= sizes.batch) { return; }
  let across = local % ACROSS;
  let down = local / ACROSS;
  let first_column = block * (4u * ACROSS) + 4u * across;

  // The row whose exponentials this invocation shares, and its part of their sum.
  let own_row = local / SHARE;
  let part = local % SHARE;
  var largest = -LARGEST;
  var sum = 0.0;

  var scores: array<vec2f, 4>;
  var sums: array<vec4f, 4>;
  let end = select(sizes.columns, min(sizes.columns, first_row + ROWS), sizes.causal == 1u);
  for (var first_key = 0u; first_key < end; first_key += KEYS) {
    for (var i = 0u; i < 4u; i++) { scores[i] = vec2f(); }
    for (var first = 0u; first < sizes.width; first += DEPTH) {
      for (var n = local; n < DEPTH * ROWS; n += WIDTH) {
        let c = first + n % DEPTH;
        let row = first_row + n / DEPTH;
        let key = first_key + n / DEPTH;
        var of_q = 0.0;
        var of_k = 0.0;
        if (c < sizes.width && row < sizes.rows) { of_q = q[(batch * sizes.rows + row) * sizes.width + c]; }
        if (c < sizes.width && key < sizes.columns) { of_k = k[(batch * sizes.columns + key) * sizes.width + c]; }
        q_tile[n % DEPTH * PITCH + n / DEPTH] = of_q;
        k_tile[n % DEPTH * PITCH + n / DEPTH] = of_k;
      }
      workgroupBarrier();
      // Loops over what there is are not unrolled, which would take a software compiler seconds.
      for (var c = 0u; c < min(DEPTH, sizes.width - first); c++) {
        let pair = vec2f(k_tile[c * PITCH + across], k_tile[c * PITCH + across + ACROSS]);
        for (var i = 0u; i < 4u; i++) {
          scores[i] = fma(vec2f(q_tile[c * PITCH + down + DOWN * i]), pair, scores[i]);
        }
      }
      workgroupBarrier();
    }
    for (var i = 0u; i < 4u; i++) {
      let row = first_row + down + DOWN * i;
      let mask_at = mask_start(batch, min(row, sizes.rows - 1u));
      for (var j = 0u; j < 2u; j++) {
        let key = first_key + across + ACROSS * j;
        var score = scores[i][j] * sizes.scale;
        var is_out = key >= sizes.columns || (sizes.causal == 1u && key > row);
        if (MASKED && !is_out) {
          let added = mask[mask_at + key * sizes.maskColumnStride];
          score += added;
          is_out = bitcast<i32>(added) == NEGATIVE_INFINITE;
        }
        score = select(score, LEAST, score == -LARGEST);
        weights[(down + DOWN * i) * PITCH + across + ACROSS * j] = select(score, -LARGEST, is_out);
      }
    }
    workgroupBarrier();

    // The largest score of the row, then its exponentials.
    var most = largest;
    for (var key = part; key < KEYS; key += SHARE) { most = max(most, weights[own_row * PITCH + key]); }
    shared_parts[local] = most;
    workgroupBarrier();
    for (var i = 0u; i < SHARE; i++) { most = max(most, shared_parts[own_row * SHARE + i]); }
    let factor = exp(largest - most);
    largest = most;
    sum *= factor;
    for (var key = part; key < KEYS; key += SHARE) {
      let score = weights[own_row * PITCH + key];
      let weight = select(exp(score - largest), 0.0, score == -LARGEST);
      weights[own_row * PITCH + key] = weight;
      sum += weight;
    }
    if (part == 0u) { factors[own_row] = factor; }
    workgroupBarrier();

    for (var i = 0u; i < 4u; i++) { sums[i] *= factors[down + DOWN * i]; }
    for (var half = 0u; half < KEYS; half += DEPTH) {
      let keys = min(DEPTH, max(sizes.columns, first_key + half) - first_key - half);
      for (var n = local; n < DEPTH * ACROSS; n += WIDTH) {
        let key = first_key + half + n / ACROSS;
        let column = block * (4u * ACROSS) + n % ACROSS * 4u;
        var value = vec4f();
        if (key < sizes.columns) {
          for (var e = 0u; e < 4u; e++) {
            if (column + e < sizes.valueWidth) { value[e] = v[(batch * sizes.columns + key) * sizes.valueWidth + column + e]; }
          }
        }
        v_tile[n] = value;
      }
      workgroupBarrier();
      for (var key = 0u; key < keys; key++) {
        let value = v_tile[key * ACROSS + across];
        for (var i = 0u; i < 4u; i++) {
          sums[i] = fma(vec4f(weights[(down + DOWN * i) * PITCH + half + key]), value, sums[i]);
        }
      }
      workgroupBarrier();
    }
  }

  shared_parts[local] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < SHARE; i++) { total += shared_parts[own_row * SHARE + i]; }
  let is_empty = total == 0.0;
  if (part == 0u) {
    factors[own_row] = select(1.0 / total, 0.0, is_empty);
    if (block == 0u && first_row + own_row < sizes.rows) {
      logSums[batch * sizes.rows + first_row + own_row] = select(largest + log(total), LARGEST, is_empty);
    }
  }
  workgroupBarrier();
  for (var i = 0u; i < 4u; i++) {
    let row = first_row + down + DOWN * i;
    if (row >= sizes.rows) { continue; }
    let value = sums[i] * factors[down + DOWN * i];
    for (var e = 0u; e < 4u; e++) {
      if (first_column + e < sizes.valueWidth) {
        y[(batch * sizes.rows + row) * sizes.valueWidth + first_column + e] = value[e];
      }
    }
  }
}
