// Softmax cross entropy of pixels whose background holds the classes that their image's source does not know, f32. For a pixel r
// with label l, logits z[k] = (sum over d of features[r, d] * theta[k, d]) + bias[k], and G = {l}, or for the background itself (the
// last output) with all unknown classes:
//   d           = log(sum over the others of exp(z)) - log(sum over G of exp(z))
//   loss[r]     = share * softplus(d), which is -log(sum over G of softmax(z)), share = 1 / max(entries, 1)
//   gradient[r] = share * sigmoid(d) * (softmax over the others, minus softmax over G)
// and 0, all, where l is 255, ignored. A label of a class that there is not gives NaN, in all.
//
// One invocation computes one pixel. Its logits go where its gradient will be, so that nothing else of that size is stored; the two
// sums are made on the way, each relative to its largest logit so far: neither vanishes beside the other.
//
// launch: ceil(rows / WIDTH) workgroups
// work: rows * outputs * (2 * depth + 12) operations

const CLASSES = 4u;      // knob: outputs computed at a time: each feature is loaded once for them
const WIDTH = 64u;       // knob: invocations per workgroup

const LOWEST = -3.4e38;

struct Sizes {
  rows: u32,             // pixels of all images
  outputs: u32,          // classes, and the background
  depth: u32,            // features of a pixel
  words: u32,            // of known, for an image
  pixels: u32,           // of an image
  nan: u32,              // the bits of NaN, which WGSL has no literal for
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> features: array<f32>;           // [rows, depth]
@group(0) @binding(2) var<storage, read> theta: array<f32>;              // [outputs, depth]
@group(0) @binding(3) var<storage, read> bias: array<f32>;               // [outputs]
@group(0) @binding(4) var<storage, read> labels: array<u32>;             // u8 [rows]
@group(0) @binding(5) var<storage, read> known: array<u32>;              // [images, words], a bit a class
@group(0) @binding(6) var<storage, read> entries: array<f32>;            // [1]: how many pixels count
@group(0) @binding(7) var<storage, read_write> loss: array<f32>;         // [rows]
@group(0) @binding(8) var<storage, read_write> gradient: array<f32>;     // [rows, outputs]

// region: log of one plus
// log(1 + e) for e in [0, 1]: WGSL has no log1p, 1 + e loses the digits of a small e, and WGSL's log those of a result near
// 0. With s = e / (2 + e) it is 2 atanh(s), a series in s^2; here it is taken as e - s (e - ...), where neither s nor the
// series needs all of its digits.
fn log_one_plus(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  let high = 2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0));
  return e - s * (e - q * (2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * high))));
}
// end region

// Whether an output is among those that a label stands for.
fn is_meant(output: u32, label: u32, image: u32) -> bool {
  if (label != 254u) { return output == label; }
  if (output + 1u == sizes.outputs) { return true; }
  return ((known[image * sizes.words + output / 32u] >> (output % 32u)) & 1u) == 0u;
}

// The sum of exponentials relative to the largest logit, with one more: (largest, sum). A NaN is larger than nothing, and stays.
fn with_logit(sum: vec2f, z: f32) -> vec2f {
  if (z > sum.x) { return vec2f(z, fma(sum.y, exp(sum.x - z), exp(z - z))); }
  return vec2f(sum.x, sum.y + exp(z - sum.x));
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let row = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (row >= sizes.rows) { return; }
  let label = (labels[row / 4u] >> (8u * (row % 4u))) & 255u;
  let first = row * sizes.outputs;
  let is_wrong = label + 1u >= sizes.outputs && label < 254u;
  if (label == 255u || is_wrong) {
    let value = select(0.0, bitcast<f32>(sizes.nan), is_wrong);
    for (var k = 0u; k < sizes.outputs; k++) { gradient[first + k] = value; }
    loss[row] = value;
    return;
  }

  let image = row / sizes.pixels;
  var others = vec2f(LOWEST, 0.0);
  var meant = vec2f(LOWEST, 0.0);
  for (var k = 0u; k < sizes.outputs; k += CLASSES) {
    // Set to zero by hand: Dawn over lavapipe does not begin anew with a variable of a loop (November 2026).
    var logits: array<f32, CLASSES>;
    for (var i = 0u; i < CLASSES; i++) { logits[i] = 0.0; }
    for (var d = 0u; d < sizes.depth; d++) {
      let feature = features[row * sizes.depth + d];
      for (var i = 0u; i < CLASSES; i++) {
        // Outputs past the last one are computed as that one, and dropped.
        let query = min(k + i, sizes.outputs - 1u);
        logits[i] = fma(feature, theta[query * sizes.depth + d], logits[i]);
      }
    }
    for (var i = 0u; i < CLASSES && k + i < sizes.outputs; i++) {
      let z = logits[i] + bias[k + i];
      gradient[first + k + i] = z;
      if (is_meant(k + i, label, image)) {
        meant = with_logit(meant, z);
      } else {
        others = with_logit(others, z);
      }
    }
  }

  let share = 1.0 / max(entries[0], 1.0);
  // Compilers may take Infinity - Infinity for 0: that a logit is Infinity is told by its bits.
  let is_infinite = bitcast<u32>(max(others.x, meant.x)) == 0x7f800000u;
  let apart = others.x - meant.x + log(others.y / meant.y);
  let distance = select(apart, bitcast<f32>(sizes.nan), is_infinite);
  let small = exp(-abs(distance));
  loss[row] = share * (max(distance, 0.0) + log_one_plus(small));
  let slope = share * select(small, 1.0, distance > 0.0) / (1.0 + small);
  // Without another output, or where all of them are -Infinity, there is nothing to divide.
  let up = select(slope / others.y, 0.0, others.y == 0.0);
  let down = select(slope / meant.y, 0.0, meant.y == 0.0);
  for (var k = 0u; k < sizes.outputs; k++) {
    let z = gradient[first + k];
    if (is_meant(k, label, image)) {
      gradient[first + k] = -down * exp(z - meant.x);
    } else {
      gradient[first + k] = up * exp(z - others.x);
    }
  }
}
