// The statistics of a tensor and what the one batch norm that reads it multiplies and adds, for so few rows that one
// workgroup can look at all of them, f32:
//   statistics[0, c] = mean[c],  statistics[1, c] = variance[c], biased
//   factors[0, c] = gamma[c] / sqrt(variance[c] + epsilon),  factors[1, c] = beta[c] - mean[c] * factors[0, c]
// for each group of rows, and its running statistics moved towards those of the first group. As denseMoments and
// denseFactors, in one launch.
//
// One workgroup takes four times SPAN neighbouring channels of one group, LANES rows at a time, and joins its lanes in a
// tree, by Chan's formula. All channel counts are in steps of four.
//
// launch: groups * ceil(channels / SPAN) workgroups
// work: 32 * groups * rows * channels operations

// region: workgroup of all rows
const SPAN = 2u;         // knob: fours of channels per workgroup
const WIDTH = 256u;      // knob: invocations per workgroup; WIDTH / SPAN is a power of two

const LANES = WIDTH / SPAN;
// end region
alias X = vec4f;         // stored: x

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  channels: u32,         // channels / 4
  // region: momentum
  epsilon: f32,
  keep: f32,             // 1 - momentum
  meanShare: f32,        // momentum
  varianceShare: f32,    // momentum * rows / (rows - 1): the running variance is the unbiased one
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;                            // [groups rows, channels]
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;                    // [channels]
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;                     // [channels]
@group(0) @binding(4) var<storage, read_write> statistics: array<vec4f>;         // [groups, 2, channels]: mean, variance
@group(0) @binding(5) var<storage, read_write> runningMean: array<vec4f>;        // [channels]
@group(0) @binding(6) var<storage, read_write> runningVariance: array<vec4f>;    // [channels]
@group(0) @binding(7) var<storage, read_write> factors: array<vec4f>;            // [groups, 2, channels]: scale, shift

var<workgroup> lane_pivots: array<vec4f, WIDTH>;
var<workgroup> lane_means: array<vec4f, WIDTH>;
var<workgroup> lane_squares: array<vec4f, WIDTH>;

// region: joined lanes
// How many of `rows` rows a lane has that takes every `step`-th from `first` on.
fn rows_of(first: u32, step: u32, rows: u32) -> f32 {
  return f32(select(0u, (rows - first + step - 1u) / step, first < rows));
}

// Joins the lanes of each chunk in a tree, by Chan's formula: lane l has seen the rows that are l modulo LANES, after the
// turn with `half` those that are l modulo half, and in the end lane 0 all of them.
fn join_lanes(place: u32, rows: u32) {
  let lane = place / SPAN;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      let other = place + half * SPAN;
      let mine = rows_of(lane, 2u * half, rows);
      let theirs = rows_of(lane + half, 2u * half, rows);
      let difference = lane_pivots[other] - lane_pivots[place] + (lane_means[other] - lane_means[place]);
      let share = theirs / max(mine + theirs, 1.0);
      let mean = lane_means[place] + difference * share;
      lane_squares[place] += lane_squares[other] + difference * difference * (mine * share);
      let beyond = lane_pivots[other] - lane_pivots[place] - mean;
      let is_nearer = abs(beyond) < abs(mean);
      lane_pivots[place] = select(lane_pivots[place], lane_pivots[other], is_nearer);
      lane_means[place] = select(mean, -beyond, is_nearer);
    }
  }
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let spans = (sizes.channels + SPAN - 1u) / SPAN;
  let index = workgroup.x + workgroup.y * grid.x;
  let base = index % spans * SPAN;
  let group = index / spans;
  if (group >= sizes.groups) { return; }
  let lane = local.x / SPAN;
  let column = local.x % SPAN;
  let channel = min(base + column, sizes.channels - 1u);

  // The pivot of a lane's rows (see batchNormMoments); a lane without rows has another's.
  let first_row = group * sizes.rows;
  var pivot = vec4f(x[(first_row + min(lane, sizes.rows - 1u)) * sizes.channels + channel]);
  var count = 0.0;
  var mean = vec4f();
  var sum_of_squares = vec4f();
  for (var row = lane; row < sizes.rows; row += LANES) {
    let value = vec4f(x[(first_row + row) * sizes.channels + channel]);
    // region: one more row
    let difference = value - pivot - mean;
    let is_nearer = abs(difference) < abs(mean);
    pivot = select(pivot, value, is_nearer);
    mean = select(mean, -difference, is_nearer);
    let share = 1.0 / (count + 1.0);
    mean += difference * share;
    sum_of_squares += difference * difference * (count * share);
    count += 1.0;
    // end region
  }
  lane_pivots[local.x] = pivot;
  lane_means[local.x] = mean;
  lane_squares[local.x] = sum_of_squares;
  join_lanes(local.x, sizes.rows);

  if (lane > 0u || base + column >= sizes.channels) { return; }
  let batch_mean = lane_pivots[column] + lane_means[column];
  let variance = lane_squares[column] / f32(sizes.rows);
  let scale = gamma[channel] / sqrt(variance + sizes.epsilon);
  let place = 2u * group * sizes.channels + channel;
  statistics[place] = batch_mean;
  statistics[place + sizes.channels] = variance;
  factors[place] = scale;
  factors[place + sizes.channels] = fma(-batch_mean, scale, beta[channel]);
  if (group > 0u) { return; }
  runningMean[channel] = fma(vec4f(sizes.keep), runningMean[channel], sizes.meanShare * batch_mean);
  runningVariance[channel] = fma(vec4f(sizes.keep), runningVariance[channel], sizes.varianceShare * variance);
}
