// What is needed of the mean and variance of channels, over chunks of rows, f32; and x copied into wider rows:
//   moments[3 p, c]     = mean over the rows r of chunk p of x[r, c] - moments[3 p + 2, c]
//   moments[3 p + 1, c] = sum over them of (x[r, c] - moments[3 p + 2, c] - moments[3 p, c])^2
//   moments[3 p + 2, c] = x[r, c] of one row r of chunk p near the mean, the pivot
//   placed[r, firstChannel + c] = x[r, c]
// A group of rows is cut into chunks by itself; p counts through all groups. Taking the pivot away keeps the digits of channels whose mean is far larger than their deviation (as in
// batchNormMoments). The chunks are joined by denseFactors or denseStatistics.
//
// LANES invocations of a workgroup compute four neighbouring channels of one chunk; neighbours own neighbouring channels. All
// channel counts are in steps of four. Each lane takes every LANES-th row, and the lanes are joined in workgroup memory: for
// GPUs, which need more loads in flight than there are chunks, and so load four rows before they look at the first. One lane
// is alone with its chunk and goes row by row (Welford 1962), without a barrier: on CPU Vulkan four at a time were no faster
// and took twice as long to compile.
//
// launch: ceil(groups * chunks * channels * LANES / WIDTH) workgroups
// work: 32 * groups * rows * channels operations

const LANES = 1u;        // knob: invocations per chunk of a channel, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup
alias X = vec4f;         // stored: x
alias Placed = vec4f;    // stored: placed

const SPAN = WIDTH / LANES;

struct Sizes {
  // region: rows of groups in chunks
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  chunk: u32,            // rows per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
  // end region
  channels: u32,         // channels / 4
  rowStride: u32,        // from one row of `placed` to the next; 0 leaves `placed` alone
  firstChannel: u32,     // where x starts in a row of `placed`
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;                    // [groups rows, channels]
@group(0) @binding(2) var<storage, read_write> placed: array<Placed>;    // [groups rows, rowStride]
@group(0) @binding(3) var<storage, read_write> moments: array<vec4f>;    // [groups, 3 chunks, channels]

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
  // region: lanes of a chunk
  let first = (workgroup.x + workgroup.y * grid.x) * SPAN;
  let all = sizes.groups * sizes.chunks * sizes.channels;
  if (first >= all) { return; }
  // Past the end there are no rows and nothing is stored, so that all of a workgroup come to its barriers.
  let number = first + local.x % SPAN;
  let index = min(number, all - 1u);
  let lane = local.x / SPAN;
  let channel = index % sizes.channels;
  let chunk = index / sizes.channels;   // counted through all groups
  let group = chunk / sizes.chunks;
  let start = group * sizes.rows + chunk % sizes.chunks * sizes.chunk;
  let end = select(start, min(start + sizes.chunk, (group + 1u) * sizes.rows), number == index);
  // end region

  // A lane without rows has the pivot of another.
  var pivot = vec4f(x[min(start + lane, max(end, start + 1u) - 1u) * sizes.channels + channel]);
  var count = 0.0;
  var mean = vec4f();
  var sum_of_squares = vec4f();
  var row = start + lane;
  let stride = LANES * sizes.channels;
  for (; LANES > 1u && row + 3u * LANES < end; row += 4u * LANES) {
    let at = row * sizes.channels + channel;
    let value = vec4f(x[at]);
    let second = vec4f(x[at + stride]);
    let third = vec4f(x[at + 2u * stride]);
    let fourth = vec4f(x[at + 3u * stride]);
    if (sizes.rowStride > 0u) {
      let place = row * sizes.rowStride + sizes.firstChannel + channel;
      placed[place] = Placed(value);
      placed[place + LANES * sizes.rowStride] = Placed(second);
      placed[place + 2u * LANES * sizes.rowStride] = Placed(third);
      placed[place + 3u * LANES * sizes.rowStride] = Placed(fourth);
    }
    // region: four more rows
    let a = value - pivot;
    let b = second - pivot;
    let c = third - pivot;
    let d = fourth - pivot;
    let block_mean = 0.25 * ((a + b) + (c + d));
    let block_squares = (a - block_mean) * (a - block_mean) + (b - block_mean) * (b - block_mean)
      + (c - block_mean) * (c - block_mean) + (d - block_mean) * (d - block_mean);
    let difference = block_mean - mean;
    let share = 4.0 / (count + 4.0);
    mean += difference * share;
    sum_of_squares += block_squares + difference * difference * (count * share);
    count += 4.0;
    let beyond = a - mean;
    let is_nearer = abs(beyond) < abs(mean);
    pivot = select(pivot, value, is_nearer);
    mean = select(mean, -beyond, is_nearer);
    // end region
  }
  for (; row < end; row += LANES) {
    let value = vec4f(x[row * sizes.channels + channel]);
    if (sizes.rowStride > 0u) { placed[row * sizes.rowStride + sizes.firstChannel + channel] = Placed(value); }
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
  // region: lanes become one
  if (LANES > 1u) {
    lane_pivots[local.x] = pivot;
    lane_means[local.x] = mean;
    lane_squares[local.x] = sum_of_squares;
    join_lanes(local.x, end - start);
    pivot = lane_pivots[local.x];
    mean = lane_means[local.x];
    sum_of_squares = lane_squares[local.x];
  }
  if (lane > 0u || number != index) { return; }
  // end region
  let at = 3u * chunk * sizes.channels + channel;
  moments[at] = mean;
  moments[at + sizes.channels] = sum_of_squares;
  moments[at + 2u * sizes.channels] = pivot;
}
