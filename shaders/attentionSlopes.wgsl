// The weights of attention again, and the gradient of its scores, both in place, from dy v' in `slopes`, f32:
//   scores[b, t, j] = exp(scores[b, t, j] * scale + mask[b, t, j] - logSums[b, t])
//   slopes[b, t, j] = scale * scores[b, t, j] * (slopes[b, t, j] - sum over c of dy[b, t, c] * y[b, t, c])
// Keys that are masked have 0 in both; see attentionWeights.
//
// One invocation computes one row.
//
// launch: ceil(batch * rows / WIDTH) workgroups
// work: 2 * batch * rows * (4 * columns + valueWidth) * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring keys at a time, where causal is 0
alias Bits = i32;        // bits of Element
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
  laneShare: f32,        // 1, or 1 / 4 where Element is one number; columns, widths and mask strides are in Elements
  valueWidth: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> y: array<Element>;                 // [batch, T, valueWidth]
@group(0) @binding(2) var<storage, read> dy: array<Element>;                // [batch, T, valueWidth]
@group(0) @binding(3) var<storage, read> logSums: array<f32>;           // [batch, T]
@group(0) @binding(4) var<storage, read> mask: array<Element>;              // broadcast to [batch, T, S]
@group(0) @binding(5) var<storage, read_write> scores: array<Element>;  // [batch, T, S]
@group(0) @binding(6) var<storage, read_write> slopes: array<Element>;  // [batch, T, S]

// region: mask of a row
const LARGEST = 0x1.fffffep+127f;
const NEGATIVE_INFINITE = -0x00800000;    // by its bits: WGSL lets a compiler assume that there are no infinities

fn mask_start(batch: u32, row: u32) -> u32 {
  return batch / sizes.maskEvery * sizes.maskOuterStride + batch % sizes.maskEvery * sizes.maskInnerStride +
    row * sizes.maskRowStride;
}
// end region

// What each of four lanes counts; a number alone is spread over all four.
fn over_lanes(values: Element) -> f32 {
  let lanes = vec4f(values);
  return (lanes.x + lanes.y + lanes.z + lanes.w) * sizes.laneShare;
}

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

  var means = Element(0.0);
  for (var at = index * sizes.valueWidth; at < (index + 1u) * sizes.valueWidth; at++) { means += dy[at] * y[at]; }
  let mean = over_lanes(means);
  for (var j = 0u; j < end; j++) {
    var weight: Element;
    let score = scores[first + j] * sizes.scale;
    if (MASKED) {
      let added = mask[mask_at + j * sizes.maskColumnStride];
      let is_out = bitcast<Bits>(added) == Bits(NEGATIVE_INFINITE);
      weight = select(exp(score + added - log_sum), Element(0.0), is_out);
    } else {
      weight = exp(score - log_sum);
    }
    let slope = sizes.scale * weight * (slopes[first + j] - mean);
    scores[first + j] = weight;
    slopes[first + j] = slope;
  }
  for (var j = end; j < sizes.columns; j++) {
    scores[first + j] = Element(0.0);
    slopes[first + j] = Element(0.0);
  }
}
