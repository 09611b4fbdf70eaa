// The Dice loss over labelled pixels, last pass: its gradients by the logits, f32.
//   gradients[p, k] = f a (1 - a) where the entry has a label, f of diceTotals by whether the label map names the class;  else 0
//   z = F theta' + bias;  a = sigmoid(z)
//
// One invocation computes one entry (pixel, class).
//
// launch: ceil(pixels * classes / WIDTH) workgroups
// work: pixels * classes * (2 * features + 12) operations

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
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> features: array<f32>;        // [pixels, features]
@group(0) @binding(2) var<storage, read> theta: array<f32>;           // [classes, features]
@group(0) @binding(3) var<storage, read> bias: array<f32>;            // [classes]
@group(0) @binding(4) var<storage, read> labels: array<u32>;          // u8 [pixels]
@group(0) @binding(5) var<storage, read> table: array<u32>;           // [images, classes + 1, words]
@group(0) @binding(6) var<storage, read> factors: array<f32>;         // [2, classes]
@group(0) @binding(7) var<storage, read_write> gradients: array<f32>; // [pixels, classes]

// region: probability
// (sigmoid(z), sigmoid(-z)): both ends keep their small values exact.
fn probability(z: f32) -> vec2f {
  let e = exp(-abs(z));
  let large = 1.0 / (1.0 + e);
  return select(vec2f(e * large, large), vec2f(large, e * large), z >= 0.0);
}
// end region

// region: an entry of a pixel
// The byte of a pixel.
fn label_of(pixel: u32) -> u32 {
  return (labels[pixel / 4u] >> (8u * (pixel % 4u))) & 255u;
}

// Whether a pixel that is not ignored has a label of a class.
fn is_labelled(pixel: u32, label: u32, class_index: u32) -> bool {
  let row = pixel / sizes.area * (sizes.classes + 1u) + min(label, sizes.classes);
  return ((table[row * sizes.words + class_index / 32u] >> (class_index % 32u)) & 1u) == 1u;
}

fn logit_of(pixel: u32, class_index: u32) -> f32 {
  let row = pixel * sizes.features;
  let query = class_index * sizes.features;
  var sum = 0.0;
  for (var d = 0u; d < sizes.features; d++) { sum = fma(features[row + d], theta[query + d], sum); }
  return sum + bias[class_index];
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let entry = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let class_index = entry % sizes.classes;
  let pixel = entry / sizes.classes;
  if (pixel >= sizes.pixels) { return; }
  let label = label_of(pixel);
  var gradient = 0.0;
  if (label != IGNORED && is_labelled(pixel, label, class_index)) {
    let factor = factors[select(sizes.classes, 0u, label == class_index) + class_index];
    let a = probability(logit_of(pixel, class_index));
    gradient = factor * a.x * a.y;
  }
  gradients[entry] = gradient;
}
