// The Dice loss over labelled pixels, first pass: sums of each class in parts, f32.
//   z = F theta' + bias;  a = sigmoid(z);  over the entries (pixel, class k) with a label:
//   sums[0, j, k]: |a - y|;  sums[1, j, k]: a y;  sums[2, j, k]: y
//   slopes[p, k] = -a (1 - a) where y is 1, a (1 - a) where it is 0, and 0 without a label: diceGradient multiplies them
// y is 1 where the label map names the class; the table of supervisedClasses has the entries with labels.
//
// One invocation computes one part j of one block of CLASSES classes: the groups j, j + parts, ... of PIXELS neighbouring
// pixels. A value of theta is loaded once for all pixels of a group, a feature once for all classes of the block.
//
// launch: ceil(parts * ceil(classes / CLASSES) / WIDTH) workgroups
// work: pixels * classes * (2 * features + 12) operations

const PIXELS = 1u;       // knob: neighbouring pixels at a time
const CLASSES = 1u;      // knob: classes per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

// region: label maps
const IGNORED = 255u;    // the byte of a pixel that takes part in nothing
// end region

struct Sizes {
  area: u32,             // pixels of an image
  pixels: u32,           // of all images
  classes: u32,
  features: u32,
  words: u32,            // of the bits of all classes
  parts: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> features: array<f32>;        // [pixels, features]
@group(0) @binding(2) var<storage, read> theta: array<f32>;           // [classes, features]
@group(0) @binding(3) var<storage, read> bias: array<f32>;            // [classes]
@group(0) @binding(4) var<storage, read> labels: array<u32>;          // u8 [pixels]
@group(0) @binding(5) var<storage, read> table: array<u32>;           // [images, classes + 1, words]
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;      // [3, parts, classes]
@group(0) @binding(7) var<storage, read_write> slopes: array<f32>;    // [pixels, classes]

// region: probability
// (sigmoid(z), sigmoid(-z)): both ends keep their small values exact.
fn probability(z: f32) -> vec2f {
  let e = exp(-abs(z));
  let large = 1.0 / (1.0 + e);
  return select(vec2f(e * large, large), vec2f(large, e * large), z >= 0.0);
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let blocks = (sizes.classes + CLASSES - 1u) / CLASSES;
  let block = index % blocks * CLASSES;
  let part = index / blocks;
  if (part >= sizes.parts) { return; }
  var own = array<vec3f, CLASSES>();
  for (var first = part * PIXELS; first < sizes.pixels; first += sizes.parts * PIXELS) {
    // Without the zeros written out, Dawn (0.4, 2026) leaves what the group before had summed.
    var logits = array<f32, PIXELS * CLASSES>();
    for (var d = 0u; d < sizes.features; d++) {
      var values: array<f32, PIXELS>;
      for (var i = 0u; i < PIXELS; i++) {
        // Pixels past the end read the last one, and classes past theirs; neither is stored.
        values[i] = features[min(first + i, sizes.pixels - 1u) * sizes.features + d];
      }
      for (var c = 0u; c < CLASSES; c++) {
        let value = theta[min(block + c, sizes.classes - 1u) * sizes.features + d];
        for (var i = 0u; i < PIXELS; i++) {
          logits[i * CLASSES + c] = fma(values[i], value, logits[i * CLASSES + c]);
        }
      }
    }
    for (var i = 0u; i < PIXELS && first + i < sizes.pixels; i++) {
      let pixel = first + i;
      let label = (labels[pixel / 4u] >> (8u * (pixel % 4u))) & 255u;
      let row = (pixel / sizes.area * (sizes.classes + 1u) + min(label, sizes.classes)) * sizes.words;
      for (var c = 0u; c < CLASSES && block + c < sizes.classes; c++) {
        let k = block + c;
        let is_labelled = ((table[row + k / 32u] >> (k % 32u)) & 1u) == 1u;
        var slope = 0.0;
        if (label != IGNORED && is_labelled) {
          let a = probability(logits[i * CLASSES + c] + bias[k]);
          own[c] += select(vec3f(a.x, 0.0, 0.0), vec3f(a.y, a.x, 1.0), label == k);
          slope = select(a.x, -a.x, label == k) * a.y;
        }
        slopes[pixel * sizes.classes + k] = slope;
      }
    }
  }
  for (var c = 0u; c < CLASSES && block + c < sizes.classes; c++) {
    let at = part * sizes.classes + block + c;
    let rows = sizes.parts * sizes.classes;
    sums[at] = own[c].x;
    sums[at + rows] = own[c].y;
    sums[at + 2u * rows] = own[c].z;
  }
}
