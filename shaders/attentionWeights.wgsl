// The weights of attention from scores, in place, and the logarithm of each row's sum of exponentials, f32:
//   s[b, t, j] = scores[b, t, j] * scale + mask[b, t, j]
//   logSums[b, t] = log(sum over j of exp(s[b, t, j])),   scores[b, t, j] = exp(s[b, t, j]) / sum over j of exp(s[b, t, j])
// A key whose mask is -Infinity, or that comes after the row where causal is 1, has the weight 0. In a row without any
// other key all weights are 0, and the logSum is the largest number of f32.
//
// One invocation computes one row. Exponentials are relative to the row's largest score, so that none overflows.
//
// launch: ceil(batch * rows / WIDTH) workgroups
// work: 8 * batch * rows * columns * lanes(Element) operations

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
  laneShare: f32,        // 1, or 1 / 4 where Element is one number; columns and mask strides are in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> mask: array<Element>;              // broadcast to [batch, T, S]
@group(0) @binding(2) var<storage, read_write> scores: array<Element>;  // [batch, T, S]
@group(0) @binding(3) var<storage, read_write> logSums: array<f32>;     // [batch, T]

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

  var most = Element(-LARGEST);
  for (var j = 0u; j < end; j++) {
    var score = scores[first + j] * sizes.scale;
    if (MASKED) {
      let added = mask[mask_at + j * sizes.maskColumnStride];
      score = select(score + added, Element(-LARGEST), bitcast<Bits>(added) == Bits(NEGATIVE_INFINITE));
    }
    most = max(most, score);
  }
  let lanes = vec4f(most);
  let largest = max(max(lanes.x, lanes.y), max(lanes.z, lanes.w));
  var sums = Element(0.0);
  for (var j = 0u; j < end; j++) {
    var power: Element;
    let score = scores[first + j] * sizes.scale;
    if (MASKED) {
      let added = mask[mask_at + j * sizes.maskColumnStride];
      let is_out = bitcast<Bits>(added) == Bits(NEGATIVE_INFINITE);
      power = select(exp(score + added - largest), Element(0.0), is_out);
    } else {
      power = exp(score - largest);
    }
    sums += power;
    scores[first + j] = power;
  }
  let sum = over_lanes(sums);
  let is_empty = sum == 0.0;
  logSums[index] = select(largest + log(sum), LARGEST, is_empty);
  let factor = select(1.0 / sum, 0.0, is_empty);
  for (var j = 0u; j < end; j++) { scores[first + j] *= factor; }
  for (var j = end; j < sizes.columns; j++) { scores[first + j] = Element(0.0); }
}
