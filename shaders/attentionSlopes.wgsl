// The weights of attention again, and the gradient of its scores, both in place, from dy v' in `slopes`, f32:
//   scores[b, t, j] = exp(scores[b, t, j] * scale + mask[b, t, j] - logSums[b, t])
//   slopes[b, t, j] = scale * scores[b, t, j] * (slopes[b, t, j] - sum over c of dy[b, t, c] * y[b, t, c])
// Keys that are masked have 0 in both; see attentionWeights.
//
// One invocation computes one row.
//
// launch: ceil(batch * rows / WIDTH) workgroups
// work: 8 * batch * rows * columns + 2 * batch * rows * valueWidth operations

const MASKED = false;    // knob: whether there is a mask; without it the binding is never read
const WIDTH = 64u;       // knob: invocations per workgroup

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
  valueWidth: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> y: array<f32>;                 // [batch, T, valueWidth]
@group(0) @binding(2) var<storage, read> dy: array<f32>;                // [batch, T, valueWidth]
@group(0) @binding(3) var<storage, read> logSums: array<f32>;           // [batch, T]
@group(0) @binding(4) var<storage, read> mask: array<f32>;              // broadcast to [batch, T, S]
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;      // [batch, T, S]
@group(0) @binding(6) var<storage, read_write> slopes: array<f32>;      // [batch, T, S]

// region: mask of a row
const LARGEST = 0x1.fffffep+127f;
const NEGATIVE_INFINITE = 0xff800000u;   // by its bits: WGSL lets a compiler assume that there are no infinities

fn mask_start(batch: u32, row: u32) -> u32 {
  return batch / sizes.maskEvery * sizes.maskOuterStride + batch % sizes.maskEvery * sizes.maskInnerStride +
    row * sizes.maskRowStride;
}

fn is_left_out(added: f32) -> bool { return bitcast<u32>(added) == NEGATIVE_INFINITE; }
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: scores of a row
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.batch * sizes.rows) { return; }
  let row = index % sizes.rows;
  let first = index * sizes.columns;
  let end = select(sizes.columns, min(sizes.columns, row + 1u), sizes.causal == 1u);
  let mask_at = mask_start(index / sizes.rows, row);
  // end region
  let log_sum = logSums[index];

  var mean = 0.0;
  for (var at = index * sizes.valueWidth; at < (index + 1u) * sizes.valueWidth; at++) { mean = fma(dy[at], y[at], mean); }
  for (var j = 0u; j < end; j++) {
    var weight: f32;
    let score = scores[first + j] * sizes.scale;
    if (MASKED) {
      let added = mask[mask_at + j * sizes.maskColumnStride];
      weight = select(exp(score + added - log_sum), 0.0, is_left_out(added));
    } else {
      weight = exp(score - log_sum);
    }
    let slope = sizes.scale * weight * (slopes[first + j] - mean);
    scores[first + j] = weight;
    slopes[first + j] = slope;
  }
  for (var j = end; j < sizes.columns; j++) {
    scores[first + j] = 0.0;
    slopes[first + j] = 0.0;
  }
}
