// Softmax cross entropy of each row and its gradient, from logits z and a class c[r] for each row, f32, with smoothing s:
//   t[r, k] = (1 - s) (1 where k = c[r], else 0) + s / classes
//   loss[r] = share * sum over k of t[r, k] (log(sum over j of exp(z[r, j])) - z[r, k]), share = 1 / max(entries, 1)
//   gradient[r, k] = share * (softmax(z[r])[k] - t[r, k]) but for k = c[r], whose gradient is own[r] (see placeColumn)
// and 0, all, where c[r] is the class to ignore. A class that there is not gives NaN, in all.
// As crossEntropy.wgsl, for rows that fit into registers.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 8 rows, one after the other. A lane reads BLOCKS times
// KEPT Elements of a row, 8 apart, and keeps them until it writes; largest and sums go round by shuffles. Each lane reads the class
// of one of the rows, and writes its loss, at once: for single numbers a load costs as much as for eight.
//
// launch: ceil(rows / 8) workgroups
// work: 8 * rows * columns * lanes(Element) operations

enable subgroups;

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; columns are then in fours
const VALUES = 1u;       // knob: numbers in an Element, 1 or 4
const KEPT = 4u;         // knob: Elements of a block of a row per lane
const BLOCKS = 1u;       // knob: blocks of 8 KEPT Elements in a row, at least columns / (8 KEPT), up to 4

const LANES = 8u;

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

// region: sum across eight lanes
fn sum_over_lanes(own: f32) -> f32 {
  let pairs = own + subgroupShuffleXor(own, 1u);
  let fours = pairs + subgroupShuffleXor(pairs, 2u);
  return fours + subgroupShuffleXor(fours, 4u);
}
// end region

// region: largest across eight lanes
fn largest_over_lanes(own: f32) -> f32 {
  let pairs = max(own, subgroupShuffleXor(own, 1u));
  let fours = max(pairs, subgroupShuffleXor(pairs, 2u));
  return max(fours, subgroupShuffleXor(fours, 4u));
}
// end region

alias Kept = array<Element, KEPT>;

// A lane's first column of a block; the next ones are 8 apart.
fn first_column(block: u32, lane: u32) -> u32 { return block * KEPT * LANES + lane; }

// The logits of a lane's columns of a block; behind the end of the row its last ones again.
fn logits_of(block: u32, row: u32, lane: u32) -> Kept {
  let column = first_column(block, lane);
  var values: Kept;
  for (var i = 0u; i < KEPT; i++) {
    values[i] = logits[row * sizes.columns + min(column + LANES * i, sizes.columns - 1u)];
  }
  return values;
}

fn highest_of(values: Kept) -> Element {
  var highest = values[0];
  for (var i = 1u; i < KEPT; i++) { highest = max(highest, values[i]); }
  return highest;
}

// Adds the sums of a block: of others, of ties and of relative logits.
fn sums_of(values: Kept, largest: f32, block: u32, lane: u32, before: array<Element, 3>) -> array<Element, 3> {
  let column = first_column(block, lane);
  var sums = before;
  for (var i = 0u; i < KEPT; i++) {
    let relative = values[i] - largest;
    let is_largest = relative == Element();
    let is_column = column + LANES * i < sizes.columns;
    sums[0] += select(Element(), select(exp(relative), Element(), is_largest), is_column);
    sums[1] += select(Element(), select(Element(), Element(1.0), is_largest), is_column);
    sums[2] += select(Element(), relative, is_column);
  }
  return sums;
}

fn store_block(values: Kept, largest: f32, block: u32, row: u32, lane: u32, outcome: Outcome, goal: Goal) {
  let column = first_column(block, lane);
  let first = row * sizes.columns + column;
  for (var i = 0u; i < KEPT; i++) {
    if (column + LANES * i < sizes.columns) {
      let slopes = slopes_of(values[i] - largest, outcome);
      gradient[first + LANES * i] = select(slopes, Element(goal.value), goal.is_fixed);
    }
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let first_row = (workgroup.x + workgroup.y * grid.x) * LANES;
  if (first_row >= sizes.rows) { return; }
  let lane_goal = goal_of(min(first_row + lane, sizes.rows - 1u));
  var lane_loss = 0.0;
  var lane_own = 0.0;
  for (var turn = 0u; turn < min(LANES, sizes.rows - first_row); turn++) {
    let row = first_row + turn;
    let fixed = subgroupShuffle(select(0u, 1u, lane_goal.is_fixed), turn);
    let goal = Goal(fixed == 1u, subgroupShuffle(lane_goal.value, turn), subgroupShuffle(lane_goal.logit, turn));
    // Blocks by hand: of one array with all of them the loops would be too long to be unrolled.
    let a = logits_of(0u, row, lane);
    var b: Kept;
    var c: Kept;
    var d: Kept;
    var highest = highest_of(a);
    if (BLOCKS > 1u) {
      b = logits_of(1u, row, lane);
      highest = max(highest, highest_of(b));
    }
    if (BLOCKS > 2u) {
      c = logits_of(2u, row, lane);
      highest = max(highest, highest_of(c));
    }
    if (BLOCKS > 3u) {
      d = logits_of(3u, row, lane);
      highest = max(highest, highest_of(d));
    }
    let largest = largest_over_lanes(largest_of(highest));

    var sums = sums_of(a, largest, 0u, lane, array<Element, 3>());
    if (BLOCKS > 1u) { sums = sums_of(b, largest, 1u, lane, sums); }
    if (BLOCKS > 2u) { sums = sums_of(c, largest, 2u, lane, sums); }
    if (BLOCKS > 3u) { sums = sums_of(d, largest, 3u, lane, sums); }
    let others = sum_over_lanes(sum_of(sums[0]));
    let ties = sum_over_lanes(sum_of(sums[1]));
    let outcome = outcome_of(goal.logit, largest, Sums(others, ties, sum_over_lanes(sum_of(sums[2]))));
    lane_loss = select(lane_loss, outcome.loss, lane == turn);
    lane_own = select(lane_own, outcome.own, lane == turn);

    store_block(a, largest, 0u, row, lane, outcome, goal);
    if (BLOCKS > 1u) { store_block(b, largest, 1u, row, lane, outcome, goal); }
    if (BLOCKS > 2u) { store_block(c, largest, 2u, row, lane, outcome, goal); }
    if (BLOCKS > 3u) { store_block(d, largest, 3u, row, lane, outcome, goal); }
  }
  let row = first_row + lane;
  if (lane >= LANES || row >= sizes.rows) { return; }
  loss[row] = select(lane_loss, lane_goal.value, lane_goal.is_fixed);
  own[row] = select(lane_own, lane_goal.value, lane_goal.is_fixed);
}
