// Label-Assemble's head, its three losses and the gradients of their weighted sum, all in one launch, f32:
//   z = F theta' + bias for the weak and the strong view;  a = sigmoid(z)
//   bce         = sum over labelled entries of (1 - s) c(z_w) + s c(z_s)   / divisor,  s the share of the strong view,
//                 c(z) = softplus(z) - y z,  y the target of the state
//   pseudo      = sum over unsupervised entries of (a_w - p)^2             / divisor,  p = sharpen(a_w)
//   consistency = sum over unsupervised entries of (a_s - p)^2             / divisor
//   total       = bce + weights[0] pseudo + weights[1] consistency
// An entry is one (image, class). Divisors are the numbers of entries (at least 1), or the batch size.
//
// One workgroup. Invocation j owns the entries j, j + WIDTH, ...: it counts their labels; the workgroup joins the
// counts, which gives the divisors; each invocation computes its logits, losses and gradients; the first one adds the
// losses up. Sums run in a fixed order. A large head is better spread over many workgroups: queryInnerProduct for each
// view, then assembleSums, assembleTotals and assembleGradient.
//
// launch: 1 workgroup
// work: batch * classes * (4 * features + 40) operations

const WIDTH = 128u;      // knob: invocations of the workgroup

// region: unsupervised entries
const ABSENT = 0u;       // value of unsupervised: those without a label
const ALL = 1u;          // value of unsupervised: all
const LABELLED = 2u;     // value of unsupervised: those with a label
// end region

struct Sizes {
  batch: u32,
  classes: u32,
  features: u32,
  perBatch: u32,              // 1: every divisor is the batch size, not the number of entries
  through: u32,               // 1: the gradient passes through the pseudo-label
  // region: sharpening
  unsupervised: u32,          // entries of pseudo and consistency
  threshold: f32,             // sharpening: tau
  inverseTemperature: f32,    // sharpening: 1 / t
  strongShare: f32,           // share of the strong view in bce
  // end region
}

// region: inputs of the fused losses
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weakFeatures: array<f32>;       // [batch, features]
@group(0) @binding(2) var<storage, read> strongFeatures: array<f32>;     // [batch, features]
@group(0) @binding(3) var<storage, read> theta: array<f32>;              // [classes, features]
@group(0) @binding(4) var<storage, read> bias: array<f32>;               // [classes]
@group(0) @binding(5) var<storage, read> states: array<u32>;             // u8 [batch, classes]
// end region
@group(0) @binding(6) var<storage, read> weights: array<f32>;            // [2] of pseudo, of consistency
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;       // [4] total, bce, pseudo, consistency
@group(0) @binding(8) var<storage, read_write> gradients: array<f32>;    // [2, batch, classes] weak, strong: total by z

var<workgroup> labels: array<u32, WIDTH>;
var<workgroup> sums: array<vec3f, WIDTH>;

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

// region: label states
// 0 negative, 1 positive, 100 to 200 soft, all else absent.
fn state_of(entry: u32) -> u32 {
  return (states[entry / 4u] >> (8u * (entry % 4u))) & 255u;
}

fn is_label(state: u32) -> bool {
  return state <= 1u || state - 100u <= 100u;
}

// The probability that a label asks for.
fn target_of(label: u32) -> f32 {
  return select(f32(label), f32(label - 100u) / 100.0, label > 1u);
}
// end region

// region: entries without supervision
fn unsupervised(labelled: bool) -> bool {
  return sizes.unsupervised == ALL || (sizes.unsupervised == LABELLED) == labelled;
}
// end region

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (workgroup.x + workgroup.y != 0u) { return; }
  let entries = sizes.batch * sizes.classes;
  var own_labels = 0u;
  for (var entry = local.x; entry < entries; entry += WIDTH) { own_labels += u32(is_label(state_of(entry))); }
  labels[local.x] = own_labels;
  workgroupBarrier();
  // Everyone needs the count; adding it again costs less than another barrier.
  var labelled = 0u;
  for (var other = 0u; other < WIDTH; other++) { labelled += labels[other]; }
  var counts = vec2u(labelled, entries - labelled);
  if (sizes.unsupervised == ALL) { counts.y = entries; }
  if (sizes.unsupervised == LABELLED) { counts.y = labelled; }
  let divisors = select(vec2f(max(counts, vec2u(1u))), vec2f(f32(sizes.batch)), sizes.perBatch == 1u);

  // region: factors of the residuals
  // Factors of the residuals: through the pseudo-label its own slope 1 - 1/t joins in.
  let lambda = vec2f(weights[0], weights[1]);
  let through = sizes.through == 1u;
  let pull = 2.0 * lambda.x * select(1.0, sizes.inverseTemperature, through) / divisors.y;
  let agree = 2.0 * lambda.y / divisors.y;
  let agree_back = select(0.0, agree * (1.0 - sizes.inverseTemperature), through);
  // end region

  var own_sums = vec3f();
  for (var entry = local.x; entry < entries; entry += WIDTH) {
    // region: logits of an entry
    let image = entry / sizes.classes * sizes.features;
    let class_index = entry % sizes.classes;
    let query = class_index * sizes.features;
    var logits = vec2f();
    for (var d = 0u; d < sizes.features; d++) {
      logits = fma(vec2f(weakFeatures[image + d], strongFeatures[image + d]), vec2f(theta[query + d]), logits);
    }
    logits += bias[class_index];
    // end region

    let state = state_of(entry);
    let is_labelled = is_label(state);
    let weak = probability(logits.x);
    let strong = probability(logits.y);
    var gradient = vec2f();
    if (is_labelled) {
      let y = target_of(state);
      var loss = cross_entropy(logits.x, y);
      gradient.x = ((1.0 - y) * weak.x - y * weak.y) / divisors.x;
      if (sizes.strongShare > 0.0) {
        let shares = vec2f(1.0 - sizes.strongShare, sizes.strongShare);
        loss = dot(shares, vec2f(loss, cross_entropy(logits.y, y)));
        gradient.y = ((1.0 - y) * strong.x - y * strong.y) / divisors.x;
        gradient *= shares;
      }
      own_sums.x += loss;
    }
    if (unsupervised(is_labelled)) {
      let weak_residual = residual(weak);
      let strong_residual = strong.x - (weak.x - weak_residual);
      own_sums.y += weak_residual * weak_residual;
      own_sums.z += strong_residual * strong_residual;
      gradient.x += (pull * weak_residual - agree_back * strong_residual) * weak.x * weak.y;
      gradient.y += agree * strong_residual * strong.x * strong.y;
    }
    gradients[entry] = gradient.x;
    gradients[entries + entry] = gradient.y;
  }
  sums[local.x] = own_sums;
  workgroupBarrier();
  if (local.x != 0u) { return; }

  var loss = vec3f();
  for (var other = 0u; other < WIDTH; other++) { loss += sums[other]; }
  // region: divided losses
  loss /= divisors.xyy;
  losses[0] = loss.x + lambda.x * loss.y + lambda.y * loss.z;
  losses[1] = loss.x;
  losses[2] = loss.y;
  losses[3] = loss.z;
  // end region
}
