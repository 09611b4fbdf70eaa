// Label-Assemble's head, losses and gradients where classes stand below other classes, all in one launch, f32: those of
// assembleLoss, and a group term for each positive entry with an absent child and no positive one, its head:
//   bce += (1 - s) g(z_w) + s g(z_s),  g(z) = -log(1 - product over the children of (1 - a)),  a = sigmoid(z) of an absent
//   child, and the target y of a labelled one;  a head counts as one more labelled entry in the divisor of bce
// An entry is one (image, class); its children are the entries of the classes right below its own, in the same image.
//
// One workgroup. Invocation j owns the entries j, j + WIDTH, ...: it leaves their logits where their gradients will be, and
// counts labels and heads; the workgroup joins the counts, which gives the divisors; then each invocation computes losses and
// gradients of its entries, and the owner of a head those of its absent children. Sums run in a fixed order. A large head is
// better spread over many workgroups: assembleSums, assembleGroupSums, assembleTotals, assembleGradient, assembleGroupGradient.
//
// launch: 1 workgroup
// work: batch * classes * (4 * features + classes + 40) operations

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
@group(0) @binding(6) var<storage, read> weights: array<f32>;            // [2 + classes] see assembleTreeWeights
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;       // [4] total, bce, pseudo, consistency
@group(0) @binding(8) var<storage, read_write> gradients: array<f32>;    // [2, batch, classes] weak, strong: total by z

var<workgroup> labels: array<vec2u, WIDTH>;
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

// The class above a class; no class where there is none.
fn parent_of(class_index: u32) -> u32 {
  return u32(weights[2u + class_index]);
}

// Until the gradients are computed, the logits are in their place.
fn logit_of(entry: u32, view: u32) -> f32 {
  return gradients[view * sizes.batch * sizes.classes + entry];
}

// region: groups
// One of a group of classes is there, and nobody says which: those of the absent children of a positive entry, its head, of
// whose children none is positive. A child with a soft label may be the one that is there.

// Whether an entry is an absent child of the head, in the same image.
fn is_open(entry: u32, head: u32) -> bool {
  return parent_of(entry % sizes.classes) == head % sizes.classes && !is_label(state_of(entry));
}

// The probability that a child with a soft label is there, where the entry is the head of a group; else -1.
fn known_of_group(head: u32) -> f32 {
  let state = state_of(head);
  if (!is_label(state) || target_of(state) != 1.0) { return -1.0; }
  let class_index = head % sizes.classes;
  let first = head - class_index;
  var known = 0.0;
  var is_group = false;
  for (var child = first; child < first + sizes.classes; child++) {
    if (parent_of(child - first) != class_index) { continue; }
    let child_state = state_of(child);
    if (!is_label(child_state)) {
      is_group = true;
      continue;
    }
    let y = target_of(child_state);
    if (y == 1.0) { return -1.0; }
    known += y * (1.0 - known);
  }
  return select(-1.0, known, is_group);
}

// -log(1 - q), q = (1 - known) exp(-S), S = sum over the group of softplus(z), the probability that none is there. Where all
// logits are far below 0, S is about exp(shift), which may be too small for f32: then (1 - q) exp(-shift) is taken.
struct Group {
  loss: f32,
  shift: f32,    // the largest logit, at most 0
  scale: f32,    // q exp(shift) / (1 - q)
}

fn group_of(head: u32, known: f32, view: u32) -> Group {
  let first = head - head % sizes.classes;
  var top = -3.0e38;
  for (var child = first; child < first + sizes.classes; child++) {
    if (is_open(child, head)) { top = max(top, logit_of(child, view)); }
  }
  let shift = select(min(top, 0.0), 0.0, known > 0.0);
  var softplus = 0.0; // S exp(-shift)
  for (var child = first; child < first + sizes.classes; child++) {
    if (!is_open(child, head)) { continue; }
    let z = logit_of(child, view);
    softplus += max(z, 0.0) + exp(-abs(z) - shift) * log_one_plus_ratio(exp(-abs(z)));
  }
  let s = softplus * exp(shift);
  let q = (1.0 - known) * exp(-s);
  // (1 - exp(-s)) / s as a series, where the difference would lose its digits.
  let high = 1.0 - s / 7.0 * (1.0 - s / 8.0 * (1.0 - s / 9.0 * (1.0 - s / 10.0)));
  let ratio = 1.0 - s / 2.0 * (1.0 - s / 3.0 * (1.0 - s / 4.0 * (1.0 - s / 5.0 * (1.0 - s / 6.0 * high))));
  let some = select(softplus * ratio, (1.0 - exp(-s)) * exp(-shift), s > 0.7);
  let rest = known + (1.0 - known) * some;
  let loss = select(-(shift + log(rest)), log_one_plus(q / (rest * exp(shift))), q <= 0.5);
  return Group(loss, shift, q / rest);
}

// The slope of the loss by the logit of a child.
fn group_slope(group: Group, z: f32) -> f32 {
  return -exp(min(z, 0.0) - group.shift) / (1.0 + exp(-abs(z))) * group.scale;
}

// log(1 + e) / e for e in [0, 1], see `log_one_plus`.
fn log_one_plus_ratio(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  let high = 2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0));
  return 1.0 - (e - q * (2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * high)))) / (2.0 + e);
}
// end region

// The head of the group that an entry is in; without, the entry itself.
fn head_of(entry: u32) -> u32 {
  let class_index = entry % sizes.classes;
  let parent = parent_of(class_index);
  if (parent >= sizes.classes) { return entry; }
  let head = entry - class_index + parent;
  return select(entry, head, is_open(entry, head) && known_of_group(head) >= 0.0);
}

// Losses of the views without their divisors, and the gradients by both logits.
struct Terms {
  sums: vec3f,
  gradient: vec2f,
}

// What the unsupervised losses make of an entry; the factors are pull, agree and agree_back.
fn unsupervised_terms(logits: vec2f, factors: vec3f) -> Terms {
  let weak = probability(logits.x);
  let strong = probability(logits.y);
  let weak_residual = residual(weak);
  let strong_residual = strong.x - (weak.x - weak_residual);
  return Terms(
    vec3f(0.0, weak_residual * weak_residual, strong_residual * strong_residual),
    vec2f(
      (factors.x * weak_residual - factors.z * strong_residual) * weak.x * weak.y,
      factors.y * strong_residual * strong.x * strong.y,
    ),
  );
}

// What a label makes of an entry.
fn label_terms(logits: vec2f, y: f32, divisor: f32) -> Terms {
  let weak = probability(logits.x);
  var loss = cross_entropy(logits.x, y);
  var gradient = vec2f(((1.0 - y) * weak.x - y * weak.y) / divisor, 0.0);
  if (sizes.strongShare > 0.0) {
    let shares = vec2f(1.0 - sizes.strongShare, sizes.strongShare);
    let strong = probability(logits.y);
    loss = dot(shares, vec2f(loss, cross_entropy(logits.y, y)));
    gradient.y = ((1.0 - y) * strong.x - y * strong.y) / divisor;
    gradient *= shares;
  }
  return Terms(vec3f(loss, 0.0, 0.0), gradient);
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (workgroup.x + workgroup.y != 0u) { return; }
  let entries = sizes.batch * sizes.classes;
  var own_labels = vec2u();
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
    gradients[entry] = logits.x;
    gradients[entries + entry] = logits.y;
    own_labels += vec2u(u32(is_label(state_of(entry))), u32(known_of_group(entry) >= 0.0));
  }
  labels[local.x] = own_labels;
  storageBarrier();
  workgroupBarrier();
  var labelled = vec2u(); // and heads
  for (var other = 0u; other < WIDTH; other++) { labelled += labels[other]; }
  var counts = vec2u(labelled.x + labelled.y, entries - labelled.x);
  if (sizes.unsupervised == ALL) { counts.y = entries; }
  if (sizes.unsupervised == LABELLED) { counts.y = labelled.x; }
  let divisors = select(vec2f(max(counts, vec2u(1u))), vec2f(f32(sizes.batch)), sizes.perBatch == 1u);

  // region: factors of the residuals
  // Factors of the residuals: through the pseudo-label its own slope 1 - 1/t joins in.
  let lambda = vec2f(weights[0], weights[1]);
  let through = sizes.through == 1u;
  let pull = 2.0 * lambda.x * select(1.0, sizes.inverseTemperature, through) / divisors.y;
  let agree = 2.0 * lambda.y / divisors.y;
  let agree_back = select(0.0, agree * (1.0 - sizes.inverseTemperature), through);
  // end region

  let factors = vec3f(pull, agree, agree_back);
  let strong_too = sizes.strongShare > 0.0;
  var own_sums = vec3f();
  for (var entry = local.x; entry < entries; entry += WIDTH) {
    if (head_of(entry) != entry) { continue; } // the owner of its head writes it
    let logits = vec2f(logit_of(entry, 0u), logit_of(entry, 1u));
    let state = state_of(entry);
    let is_labelled = is_label(state);
    var gradient = vec2f();
    if (is_labelled) {
      let terms = label_terms(logits, target_of(state), divisors.x);
      own_sums += terms.sums;
      gradient += terms.gradient;
    }
    if (unsupervised(is_labelled)) {
      let terms = unsupervised_terms(logits, factors);
      own_sums += terms.sums;
      gradient += terms.gradient;
    }
    let known = known_of_group(entry);
    if (known >= 0.0) {
      let weak = group_of(entry, known, 0u);
      var strong = Group();
      own_sums.x += (1.0 - sizes.strongShare) * weak.loss;
      if (strong_too) {
        strong = group_of(entry, known, 1u);
        own_sums.x += sizes.strongShare * strong.loss;
      }
      let first = entry - entry % sizes.classes;
      for (var child = first; child < first + sizes.classes; child++) {
        if (!is_open(child, entry)) { continue; }
        let open = vec2f(logit_of(child, 0u), logit_of(child, 1u));
        var slopes = vec2f((1.0 - sizes.strongShare) * group_slope(weak, open.x), 0.0);
        if (strong_too) { slopes.y = sizes.strongShare * group_slope(strong, open.y); }
        slopes /= divisors.x;
        if (unsupervised(false)) {
          let terms = unsupervised_terms(open, factors);
          own_sums += terms.sums;
          slopes += terms.gradient;
        }
        gradients[child] = slopes.x;
        gradients[entries + child] = slopes.y;
      }
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
