// Softmax cross entropy of each row and its gradient, from logits z and a class c[r] for each row, f32, with smoothing s:
//   t[r, k] = (1 - s) (1 where k = c[r], else 0) + s / classes
//   loss[r] = share * sum over k of t[r, k] (log(sum over j of exp(z[r, j])) - z[r, k]), share = 1 / max(entries, 1)
//   gradient[r, k] = share * (softmax(z[r])[k] - t[r, k]) but for k = c[r], whose gradient is own[r] (see placeColumn)
// and 0, all, where c[r] is the class to ignore. A class that there is not gives NaN, in all.
//
// LANES neighbouring invocations share a row and read neighbouring columns; what each has found is joined in workgroup memory, in a
// fixed order. One lane is alone with its row: no barrier. Logits are taken relative to the row's largest, so no exponential
// overflows. The sum over the other classes is kept apart: where the largest is all but certain, 1 - softmax and the loss are as
// small as that sum, and are computed from it.
//
// launch: ceil(rows * LANES / WIDTH) workgroups
// work: 8 * rows * columns * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; columns are then in fours
const VALUES = 1u;       // knob: numbers in an Element, 1 or 4
const LANES = 1u;        // knob: invocations per row, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

// region: rows of logits
struct Sizes {
  rows: u32,
  columns: u32,          // in Elements
  ignores: u32,          // 1 where there is a class to ignore, else 0
  ignore: u32,           // that class
  smoothing: f32,
  nan: u32,              // the bits of NaN, which WGSL has no literal for
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<Element>;           // [rows, columns]
@group(0) @binding(2) var<storage, read> targets: array<u32>;              // [rows], their classes
@group(0) @binding(3) var<storage, read> entries: array<f32>;              // [1]: how many rows count
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;           // [rows]
@group(0) @binding(5) var<storage, read_write> own: array<f32>;            // [rows]
@group(0) @binding(6) var<storage, read_write> gradient: array<Element>;   // [rows, columns]

fn largest_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  return max(max(lanes.x, lanes.y), max(lanes.z, lanes.w));
}

// What is known of a row: whether loss and gradient are one value throughout, which one, and the logit of its class.
struct Goal {
  is_fixed: bool,
  value: f32,
  logit: f32,
}

fn goal_of(row: u32) -> Goal {
  let wanted = targets[row];
  let classes = sizes.columns * VALUES;
  let is_ignored = sizes.ignores == 1u && wanted == sizes.ignore;
  let column = min(wanted, classes - 1u);
  let logit = vec4f(logits[row * sizes.columns + column / VALUES])[column % VALUES];
  return Goal(is_ignored || wanted >= classes, select(bitcast<f32>(sizes.nan), 0.0, is_ignored), logit);
}

// Sums over a row: of the exponentials of all but those that equal the largest, the number of these, and the relative logits.
struct Sums {
  others: f32,
  ties: f32,
  relatives: f32,
}

// What loss and gradient are made of.
struct Outcome {
  loss: f32,
  own: f32,              // the gradient of the row's class
  others: f32,           // sum of the exponentials but one that equals the largest
  factor: f32,           // of the gradient
  spread: f32,           // the part of the target that all classes have
}

fn outcome_of(logit: f32, largest: f32, sums: Sums) -> Outcome {
  let classes = f32(sizes.columns * VALUES);
  let share = 1.0 / max(entries[0], 1.0);
  let others = sums.others + max(sums.ties - 1.0, 0.0);
  let log_sum = select(log(1.0 + others), log_one_plus(others), others <= 1.0);
  let spread = sizes.smoothing / classes;
  let relative = logit - largest;
  var product = (1.0 - sizes.smoothing) * relative;
  if (sizes.smoothing > 0.0) { product = fma(spread, sums.relatives, product); }
  let power = exp(relative);
  let rest = select(1.0 + others - power, others, relative == 0.0);
  let goal = spread + 1.0 - sizes.smoothing;
  let factor = share / (1.0 + others);
  return Outcome((log_sum - product) * share, ((1.0 - goal) * power - goal * rest) * factor, others, factor, spread);
}

// The gradient of logits relative to the largest, as if none were the row's class.
fn slopes_of(relatives: Element, outcome: Outcome) -> Element {
  let powers = exp(relatives);
  if (sizes.smoothing == 0.0) { return powers * outcome.factor; }
  let rest = select(1.0 + outcome.others - powers, Element(outcome.others), relatives == Element());
  return ((1.0 - outcome.spread) * powers - outcome.spread * rest) * outcome.factor;
}
// end region

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

// region: sum across an Element
fn sum_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  if (VALUES == 1u) { return lanes.x; }
  return (lanes.x + lanes.y) + (lanes.z + lanes.w);
}
// end region

// region: lanes of a row in workgroup memory
var<workgroup> found: array<vec2f, WIDTH>;

// The sums over a row of what its lanes have added up.
fn sums_over_row(own: vec2f, local: u32) -> vec2f {
  if (LANES == 1u) { return own; }
  found[local] = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local % LANES < half) { found[local] += found[local + half]; }
  }
  workgroupBarrier();
  let total = found[local - local % LANES];
  workgroupBarrier();
  return total;
}
// end region

// region: largest over lanes in workgroup memory
// The largest number that the lanes of a row have found.
fn largest_over_row(own: f32, local: u32) -> f32 {
  if (LANES == 1u) { return own; }
  found[local].x = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local % LANES < half) { found[local].x = max(found[local].x, found[local + half].x); }
  }
  workgroupBarrier();
  let largest = found[local - local % LANES].x;
  workgroupBarrier();
  return largest;
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: rows shared by lanes
  let first_row = (workgroup.x + workgroup.y * grid.x) * (WIDTH / LANES);
  if (first_row >= sizes.rows) { return; }
  // Past the end the last row is read again and nothing is stored, so that all of a workgroup come to its barriers.
  let is_row = first_row + local.x / LANES < sizes.rows;
  let row = min(first_row + local.x / LANES, sizes.rows - 1u);
  let first = row * sizes.columns + local.x % LANES;
  let end = (row + 1u) * sizes.columns;
  // end region
  let goal = goal_of(row);

  // A lane without a column of its own looks at the last one.
  var highest = logits[min(first, end - 1u)];
  for (var at = first + LANES; at < end; at += LANES) { highest = max(highest, logits[at]); }
  let largest = largest_over_row(largest_of(highest), local.x);

  var others = Element();    // of all but those that equal the largest
  var ties = Element();
  var relatives = Element();
  for (var at = first; at < end; at += LANES) {
    let relative = logits[at] - largest;
    let is_largest = relative == Element();
    others += select(exp(relative), Element(), is_largest);
    ties += select(Element(), Element(1.0), is_largest);
    relatives += relative;
  }
  let counted = sums_over_row(vec2f(sum_of(others), sum_of(ties)), local.x);
  var all_relatives = 0.0;
  if (sizes.smoothing > 0.0) { all_relatives = sums_over_row(vec2f(sum_of(relatives), 0.0), local.x).x; }
  let outcome = outcome_of(goal.logit, largest, Sums(counted.x, counted.y, all_relatives));

  if (!is_row) { return; }
  if (local.x % LANES == 0u) {
    loss[row] = select(outcome.loss, goal.value, goal.is_fixed);
    own[row] = select(outcome.own, goal.value, goal.is_fixed);
  }
  if (goal.is_fixed) {
    for (var at = first; at < end; at += LANES) { gradient[at] = Element(goal.value); }
  } else {
    for (var at = first; at < end; at += LANES) { gradient[at] = slopes_of(logits[at] - largest, outcome); }
  }
}
