// Label-Assemble's losses, last pass: the gradients of the weighted total with respect to both views' logits, f32.
//   weak[e]   = (1 - share) bce (a_w - y) if labelled, + (pull r_w - agree_back r_s) a_w (1 - a_w) if unsupervised
//   strong[e] = share bce (a_s - y) if labelled, + agree r_s a_s (1 - a_s) if unsupervised
//     (SHAPED: the slope of the loss of given labels below in the place of a - y)
//   r_w = a_w - sharpen(a_w),  r_s = a_s - sharpen(a_w);  the four factors come from assembleTotals
//
// One invocation computes one entry e, an (image, class).
//
// launch: ceil(entries / WIDTH) workgroups
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
@group(0) @binding(1) var<storage, read> weakLogits: array<f32>;         // [entries]
@group(0) @binding(2) var<storage, read> strongLogits: array<f32>;       // [entries]
@group(0) @binding(3) var<storage, read> states: array<u32>;             // u8 [entries]
@group(0) @binding(4) var<storage, read> factors: array<f32>;            // [4] bce, pull, agree, agree back
@group(0) @binding(5) var<storage, read> positiveWeights: array<f32>;    // [classes]
@group(0) @binding(6) var<storage, read_write> gradients: array<f32>;    // [2, entries] weak, strong

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
  let entry = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (entry >= sizes.entries) { return; }
  let state = state_of(entry);
  let is_labelled = is_label(state);
  let weak = probability(weakLogits[entry]);
  let strong = probability(strongLogits[entry]);
  let weak_residual = residual(weak);
  let strong_residual = strong.x - (weak.x - weak_residual);
  var gradient = vec2f();
  if (is_labelled && TAUGHT && SHAPED) {
    let y = target_of(state);
    let k = entry % sizes.classes;
    gradient.x = (1.0 - sizes.strongShare) * shaped_loss(weakLogits[entry], y, k).y * factors[0];
    if (sizes.strongShare > 0.0) {
      gradient.y = sizes.strongShare * shaped_loss(strongLogits[entry], y, k).y * factors[0];
    }
  } else if (is_labelled && TAUGHT) {
    let y = target_of(state);
    gradient.x = ((1.0 - y) * weak.x - y * weak.y) * factors[0];
    if (sizes.strongShare > 0.0) {
      gradient.y = ((1.0 - y) * strong.x - y * strong.y) * factors[0];
      gradient *= vec2f(1.0 - sizes.strongShare, sizes.strongShare);
    }
  }
  if (unsupervised(is_labelled)) {
    gradient.x += (factors[1] * weak_residual - factors[3] * strong_residual) * weak.x * weak.y;
    gradient.y += factors[2] * strong_residual * strong.x * strong.y;
  }
  gradients[entry] = gradient.x;
  gradients[sizes.entries + entry] = gradient.y;
}
