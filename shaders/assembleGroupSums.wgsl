// Label-Assemble's group losses from logits, for many entries: joins them to the parts' sums (see assembleSums), f32.
//   sums[0, p] += number of heads: positive entries with an absent child and no positive one
//   sums[2, p] += (1 - share) g(z_w) + share g(z_s) over them,  g(z) = -log(1 - product over the children of (1 - a))
// See assembleTreeLoss for the whole formula; an entry is one (image, class).
//
// One invocation computes one part p: the entries p, p + parts, ..., as in assembleSums, whose results it adds to.
//
// launch: ceil(parts / WIDTH) workgroups
// work: 2 * entries * classes operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  entries: u32,
  classes: u32,
  parts: u32,
  strongShare: f32,           // share of the strong view in bce
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weakLogits: array<f32>;      // [entries]
@group(0) @binding(2) var<storage, read> strongLogits: array<f32>;    // [entries]
@group(0) @binding(3) var<storage, read> states: array<u32>;          // u8 [entries]
@group(0) @binding(4) var<storage, read> parents: array<u32>;         // [classes]; >= classes: none
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

// region: parents and logits
// The class above a class; no class where there is none.
fn parent_of(class_index: u32) -> u32 {
  return parents[class_index];
}

fn logit_of(entry: u32, view: u32) -> f32 {
  if (view == 0u) { return weakLogits[entry]; }
  return strongLogits[entry];
}
// end region

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


@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let part = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (part >= sizes.parts) { return; }
  var heads = 0.0;
  var loss = 0.0;
  for (var entry = part; entry < sizes.entries; entry += sizes.parts) {
    let known = known_of_group(entry);
    if (known < 0.0) { continue; }
    heads += 1.0;
    loss += (1.0 - sizes.strongShare) * group_of(entry, known, 0u).loss;
    if (sizes.strongShare > 0.0) { loss += sizes.strongShare * group_of(entry, known, 1u).loss; }
  }
  sums[part] += heads;
  sums[part + 2u * sizes.parts] += loss;
}
