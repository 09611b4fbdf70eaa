// The Dice loss over labelled pixels, first pass: sums of each class in parts, f32.
//   z = F theta' + bias;  a = sigmoid(z);  over the entries (pixel, class k) with a label:
//   sums[0, p, k]: |a - y|;  sums[1, p, k]: a y;  sums[2, p, k]: y
// y is 1 where the label map names the class; the table of supervisedClasses has the entries with labels.
//
// One invocation computes one part p of one class: the pixels p, p + parts, ...
//
// launch: ceil(parts * classes / WIDTH) workgroups
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
  parts: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> features: array<f32>;        // [pixels, features]
@group(0) @binding(2) var<storage, read> theta: array<f32>;           // [classes, features]
@group(0) @binding(3) var<storage, read> bias: array<f32>;            // [classes]
@group(0) @binding(4) var<storage, read> labels: array<u32>;          // u8 [pixels]
@group(0) @binding(5) var<storage, read> table: array<u32>;           // [images, classes + 1, words]
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;      // [3, parts, classes]

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
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let class_index = index % sizes.classes;
  let part = index / sizes.classes;
  if (part >= sizes.parts) { return; }
  var sum = vec3f();
  for (var pixel = part; pixel < sizes.pixels; pixel += sizes.parts) {
    let label = label_of(pixel);
    if (label == IGNORED || !is_labelled(pixel, label, class_index)) { continue; }
    let a = probability(logit_of(pixel, class_index));
    sum += select(vec3f(a.x, 0.0, 0.0), vec3f(a.y, a.x, 1.0), label == class_index);
  }
  let rows = sizes.parts * sizes.classes;
  sums[index] = sum.x;
  sums[index + rows] = sum.y;
  sums[index + 2u * rows] = sum.z;
}
