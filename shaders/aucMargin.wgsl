// The AUC-margin loss of logits over labelled entries, class by class, and its gradients, f32. With h = sigmoid(z), y the target of
// a state, P and N the sums of y and of 1 - y over the labelled entries of a class, a and b its means of h weighed by them:
//   loss of a class = sum of y (h - a)^2 / P + sum of (1 - y) (h - b)^2 / N + max(0, m + b - a)^2
//   loss = their mean over the classes whose P and N are above 0
//
// One workgroup: invocation j has the classes j, j + WIDTH, ...; all count those that have both kinds; then each writes the
// gradients of its classes. 1 - h is kept beside h, for digits are lost in a difference of two that are nearly 1.
//
// launch: 1 workgroup
// work: 60 * batch * classes operations

const WIDTH = 64u;       // knob: invocations of the workgroup

struct Sizes {
  batch: u32,
  classes: u32,
  margin: f32,           // m
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<f32>;             // [batch, classes]
@group(0) @binding(2) var<storage, read> states: array<u32>;             // u8 [batch, classes]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;         // []
@group(0) @binding(4) var<storage, read_write> gradients: array<f32>;    // [batch, classes]

// region: probability
// (sigmoid(z), sigmoid(-z)): both ends keep their small values exact.
fn probability(z: f32) -> vec2f {
  let e = exp(-abs(z));
  let large = 1.0 / (1.0 + e);
  return select(vec2f(e * large, large), vec2f(large, e * large), z >= 0.0);
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

struct Means {
  positives: f32,   // P
  negatives: f32,   // N
  lack: f32,        // 1 - a
  b: f32,
}

fn means_of(class_index: u32) -> Means {
  var means = Means();
  for (var image = 0u; image < sizes.batch; image++) {
    let entry = image * sizes.classes + class_index;
    let state = state_of(entry);
    if (!is_label(state)) { continue; }
    let y = target_of(state);
    let a = probability(logits[entry]);
    means.positives += y;
    means.negatives += 1.0 - y;
    means.lack += y * a.y;
    means.b += (1.0 - y) * a.x;
  }
  means.lack /= means.positives;
  means.b /= means.negatives;
  return means;
}

fn has_both(means: Means) -> bool {
  return means.positives > 0.0 && means.negatives > 0.0;
}

// m + b - a, where it is not below 0; a NaN is not below 0.
fn open_gap(means: Means) -> f32 {
  let gap = sizes.margin - 1.0 + means.lack + means.b;
  return select(gap, 0.0, gap < 0.0);
}

var<workgroup> losses: array<vec2f, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (workgroup.x + workgroup.y != 0u) { return; }
  var own = vec2f();   // the losses of the classes, and how many there are
  for (var k = local.x; k < sizes.classes; k += WIDTH) {
    let means = means_of(k);
    if (!has_both(means)) { continue; }
    var spread = vec2f();
    for (var image = 0u; image < sizes.batch; image++) {
      let entry = image * sizes.classes + k;
      let state = state_of(entry);
      if (!is_label(state)) { continue; }
      let y = target_of(state);
      let a = probability(logits[entry]);
      let away = vec2f(means.lack - a.y, a.x - means.b);
      spread += vec2f(y, 1.0 - y) * away * away;
    }
    let gap = open_gap(means);
    own += vec2f(spread.x / means.positives + spread.y / means.negatives + gap * gap, 1.0);
  }
  losses[local.x] = own;
  workgroupBarrier();
  var total = vec2f();
  for (var other = 0u; other < WIDTH; other++) { total += losses[other]; }
  let count = max(total.y, 1.0);
  for (var k = local.x; k < sizes.classes; k += WIDTH) {
    let means = means_of(k);
    let gap = open_gap(means);
    let factor = 2.0 / count;
    for (var image = 0u; image < sizes.batch; image++) {
      let entry = image * sizes.classes + k;
      let state = state_of(entry);
      var slope = 0.0;
      if (has_both(means) && is_label(state)) {
        let y = target_of(state);
        let a = probability(logits[entry]);
        let of_positive = y / means.positives * (means.lack - a.y - gap);
        let of_negative = (1.0 - y) / means.negatives * (a.x - means.b + gap);
        slope = factor * (of_positive + of_negative) * a.x * a.y;
      }
      gradients[entry] = slope;
    }
  }
  if (local.x == 0u) { loss[0] = total.x / count; }
}
