// Label-Assemble's losses over pixels, third pass, from the features of both views to the gradients of the logits, f32:
//   z = F theta' + bias;  a = sigmoid(z);  r_w = a_w - sharpen(a_w);  r_s = a_s - sharpen(a_w)
//   weak[p, k]   = (1 - share) weight bce (a_w - y) if labelled, + (pull r_w - agree_back r_s) a_w (1 - a_w) if unsupervised
//   strong[p, k] = share weight bce (a_s - y) if labelled, + agree r_s a_s (1 - a_s) if unsupervised
//   sums[0, j]   = weight ((1 - share) c(z_w) + share c(z_s)) over labelled entries,  c(z) = softplus(z) - y z
//   sums[1, j], sums[2, j] = r_w^2 and r_s^2 over unsupervised entries
// See assembleLoss for the whole formula. An entry is one (pixel, class): y is 1 where the label map names the class, and the
// table of supervisedClasses has the entries with labels. A pixel that is ignored has gradients of 0. Where one view stands in
// for both, weak has the sum of both gradients.
//
// One invocation j computes the pixels j, j + parts, ...
//
// launch: ceil(parts / WIDTH) workgroups
// work: pixels * classes * (4 * features + 40) operations

const ONE_VIEW = false;  // knob: whether the weak view stands in for the strong one, of which nothing is then read or written
const WIDTH = 64u;       // knob: invocations per workgroup

// region: unsupervised entries
const ABSENT = 0u;       // value of unsupervised: those without a label
const ALL = 1u;          // value of unsupervised: all
const LABELLED = 2u;     // value of unsupervised: those with a label
// end region

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
  // region: sharpening
  unsupervised: u32,          // entries of pseudo and consistency
  threshold: f32,             // sharpening: tau
  inverseTemperature: f32,    // sharpening: 1 / t
  strongShare: f32,           // share of the strong view in bce
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weakFeatures: array<f32>;           // [pixels, features]
@group(0) @binding(2) var<storage, read> strongFeatures: array<f32>;         // [pixels, features]
@group(0) @binding(3) var<storage, read> labels: array<u32>;                 // u8 [pixels]
@group(0) @binding(4) var<storage, read> table: array<u32>;                  // [images, classes + 1, words]
@group(0) @binding(5) var<storage, read> head: array<f32>;                   // see pixelHead
@group(0) @binding(6) var<storage, read_write> weakGradients: array<f32>;    // [pixels, classes]
@group(0) @binding(7) var<storage, read_write> strongGradients: array<f32>;  // [pixels, classes]
@group(0) @binding(8) var<storage, read_write> sums: array<f32>;             // [3, parts]

const FACTORS = 8u;

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

// region: cross entropy
// softplus(z) - y z, small where z is right: no large terms that cancel.
fn cross_entropy(z: f32, y: f32) -> f32 {
  return fma(abs(z), select(y, 1.0 - y, z > 0.0), log_one_plus(exp(-abs(z))));
}
// end region

// region: probability
// (sigmoid(z), sigmoid(-z)): both ends keep their small values exact.
fn probability(z: f32) -> vec2f {
  let e = exp(-abs(z));
  let large = 1.0 / (1.0 + e);
  return select(vec2f(e * large, large), vec2f(large, e * large), z >= 0.0);
}
// end region

// region: residual
// a - sharpen(a): how far a probability is from its pseudo-label.
fn residual(a: vec2f) -> f32 {
  return select(a.x, -a.y, a.x > sizes.threshold) * sizes.inverseTemperature;
}
// end region

// region: entries without supervision
fn unsupervised(labelled: bool) -> bool {
  return sizes.unsupervised == ALL || (sizes.unsupervised == LABELLED) == labelled;
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let part = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (part >= sizes.parts) { return; }
  let factors = vec4f(head[0], head[1], head[2], head[3]);
  var losses = vec3f();
  for (var pixel = part; pixel < sizes.pixels; pixel += sizes.parts) {
    let label = (labels[pixel / 4u] >> (8u * (pixel % 4u))) & 255u;
    let row = (pixel / sizes.area * (sizes.classes + 1u) + min(label, sizes.classes)) * sizes.words;
    var bits = 0u;
    for (var k = 0u; k < sizes.classes; k++) {
      if (k % 32u == 0u) { bits = table[row + k / 32u]; }
      let is_labelled = ((bits >> (k % 32u)) & 1u) == 1u;
      let query = FACTORS + k * (sizes.features + 2u);
      var logits = vec2f();
      for (var d = 0u; d < sizes.features; d++) {
        let at = pixel * sizes.features + d;
        var both = vec2f(weakFeatures[at]);
        if (!ONE_VIEW) { both.y = strongFeatures[at]; }
        logits = fma(both, vec2f(head[query + 2u + d]), logits);
      }
      logits += head[query];
      let weak = probability(logits.x);
      let strong = probability(logits.y);
      var gradient = vec2f();
      if (label != IGNORED && is_labelled) {
        let y = select(0.0, 1.0, label == k);
        let weight = head[query + 1u];
        var loss = cross_entropy(logits.x, y);
        gradient.x = ((1.0 - y) * weak.x - y * weak.y) * factors[0];
        if (sizes.strongShare > 0.0) {
          let shares = vec2f(1.0 - sizes.strongShare, sizes.strongShare);
          loss = dot(shares, vec2f(loss, cross_entropy(logits.y, y)));
          gradient.y = ((1.0 - y) * strong.x - y * strong.y) * factors[0];
          gradient *= shares;
        }
        losses.x = fma(weight, loss, losses.x);
        gradient *= weight;
      }
      if (label != IGNORED && unsupervised(is_labelled)) {
        let weak_residual = residual(weak);
        let strong_residual = strong.x - (weak.x - weak_residual);
        losses.y += weak_residual * weak_residual;
        losses.z += strong_residual * strong_residual;
        gradient.x += (factors[1] * weak_residual - factors[3] * strong_residual) * weak.x * weak.y;
        gradient.y += factors[2] * strong_residual * strong.x * strong.y;
      }
      let entry = pixel * sizes.classes + k;
      if (ONE_VIEW) {
        weakGradients[entry] = gradient.x + gradient.y;
      } else {
        weakGradients[entry] = gradient.x;
        strongGradients[entry] = gradient.y;
      }
    }
  }
  sums[part] = losses.x;
  sums[part + sizes.parts] = losses.y;
  sums[part + 2u * sizes.parts] = losses.z;
}
