// Label-Assemble's losses from logits, for many entries, first pass: sums over parts of the entries, f32.
//   sums[0, p], sums[1, p]: numbers of labelled and of unsupervised entries
//   sums[2, p]: (1 - share) c(z_w) + share c(z_s) over the labelled ones,  c(z) = softplus(z) - y z
//     (SHAPED: the loss of given labels below in the place of c)
//   sums[3, p], sums[4, p]: (a_w - s)^2 and (a_s - s)^2 over the unsupervised ones,  s = sharpen(a_w)
// See assembleLoss for the whole formula; an entry is one (image, class).
//
// One invocation computes one part p: the entries p, p + parts, ..., so neighbours load neighbouring entries.
//
// launch: ceil(parts / WIDTH) workgroups
// work: 20 * entries operations

const WIDTH = 64u;       // knob: invocations per workgroup
const TAUGHT = true;     // knob: whether given labels teach
const SHAPED = false;    // knob: whether the loss of given labels is smoothed, focused and shifted
const WEIGHTED = false;  // knob: whether positive entries have weights; else positiveWeights is not looked at

// region: unsupervised entries
const ABSENT = 0u;       // value of unsupervised: those without a label
const ALL = 1u;          // value of unsupervised: all
const LABELLED = 2u;     // value of unsupervised: those with a label
// end region

struct Sizes {
  entries: u32,
  parts: u32,
  // region: sharpening
  unsupervised: u32,          // entries of pseudo and consistency
  threshold: f32,             // sharpening: tau
  inverseTemperature: f32,    // sharpening: 1 / t
  strongShare: f32,           // share of the strong view in bce
  // end region
  // region: shape of given labels
  classes: u32,
  smoothing: f32,             // e of the targets (1 - e) y + e / 2
  positiveFocus: f32,         // power before the loss of positive entries
  negativeFocus: f32,         // power before the loss of negative entries
  shift: f32,                 // taken from the probability of negative entries
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weakLogits: array<f32>;      // [entries]
@group(0) @binding(2) var<storage, read> strongLogits: array<f32>;    // [entries]
@group(0) @binding(3) var<storage, read> states: array<u32>;          // u8 [entries]
@group(0) @binding(4) var<storage, read> positiveWeights: array<f32>; // [classes]
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;      // [5, parts]

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

// region: loss of a given label
// log(1 + exp(z)), small where z is far below 0.
fn softplus(z: f32) -> f32 {
  return max(z, 0.0) + log_one_plus(exp(-abs(z)));
}

// (1 - a)^power (-log a) and its slope: the power as the exponential of a logarithm, which neither end of the logits loses.
fn focused(z: f32, power: f32) -> vec2f {
  let a = probability(z);
  let loss = softplus(-z);
  let factor = exp(-power * softplus(z));
  return vec2f(factor * loss, -factor * (power * a.x * loss + a.y));
}

// b^power (-log(1 - b)) and its slope, b = max(a - shift, 0).
fn shifted(z: f32, power: f32) -> vec2f {
  let a = probability(z);
  let b = a.x - sizes.shift;
  if (b <= 0.0) { return vec2f(); }
  let below = a.y + sizes.shift;
  let loss = select(log_one_plus(min(b / below, 1.0)), -log(below), b > below);
  let factor = pow(b, power);
  return vec2f(factor * loss, a.x * a.y * factor * (power * loss / b + 1.0 / below));
}

// What a label with target y adds to the supervised loss of class k, and the slope of that: a straight line in y.
fn shaped_loss(z: f32, y: f32, k: u32) -> vec2f {
  let target_share = fma(1.0 - sizes.smoothing, y, 0.5 * sizes.smoothing);
  var weight = target_share;
  if (WEIGHTED) { weight *= positiveWeights[k]; }
  var negative = focused(-z, sizes.negativeFocus) * vec2f(1.0, -1.0);
  if (sizes.shift > 0.0) { negative = shifted(z, sizes.negativeFocus); }
  return weight * focused(z, sizes.positiveFocus) + (1.0 - target_share) * negative;
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
  var counts = vec2f();
  var losses = vec3f();
  for (var entry = part; entry < sizes.entries; entry += sizes.parts) {
    let state = state_of(entry);
    let is_labelled = is_label(state);
    let logit = weakLogits[entry];
    let strong_logit = strongLogits[entry];
    let weak = probability(logit);
    let weak_residual = residual(weak);
    let strong_residual = probability(strong_logit).x - (weak.x - weak_residual);
    if (is_labelled) { counts.x += 1.0; }
    if (is_labelled && TAUGHT && SHAPED) {
      let y = target_of(state);
      let k = entry % sizes.classes;
      losses.x += (1.0 - sizes.strongShare) * shaped_loss(logit, y, k).x;
      if (sizes.strongShare > 0.0) { losses.x += sizes.strongShare * shaped_loss(strong_logit, y, k).x; }
    } else if (is_labelled && TAUGHT) {
      let y = target_of(state);
      var loss = cross_entropy(logit, y);
      if (sizes.strongShare > 0.0) {
        let shares = vec2f(1.0 - sizes.strongShare, sizes.strongShare);
        loss = dot(shares, vec2f(loss, cross_entropy(strong_logit, y)));
      }
      losses.x += loss;
    }
    if (unsupervised(is_labelled)) {
      counts.y += 1.0;
      losses.y += weak_residual * weak_residual;
      losses.z += strong_residual * strong_residual;
    }
  }
  sums[part] = counts.x;
  sums[part + sizes.parts] = counts.y;
  sums[part + 2u * sizes.parts] = losses.x;
  sums[part + 3u * sizes.parts] = losses.y;
  sums[part + 4u * sizes.parts] = losses.z;
}
