// What one batch norm multiplies and adds, from the statistics of the channels it reads, f32:
//   factors[0, c] = gamma[c] / sqrt(variance[c] + epsilon)
//   factors[1, c] = beta[c] - mean[c] * factors[0, c]
// for each group of rows, and its running statistics moved towards those of the first group. The first `known` channels
// have their mean and variance in `statistics`; those of the others are joined from the chunks of denseMoments, in a
// fixed order, by Chan's formula, and put there.
//
// LANES invocations of a workgroup share a channel of a group: each joins every LANES-th chunk, four a turn, and then they are
// joined in workgroup memory, in a tree; for GPUs, where one after the other each chunk would wait for its loads. One is alone
// with its channel: no barrier.
//
// launch: ceil(groups * channels * LANES / WIDTH) workgroups
// work: 8 * groups * channels + 12 * groups * chunks * (channels - known) operations

const LANES = 1u;        // knob: invocations per channel, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

const SPAN = WIDTH / LANES;

struct Sizes {
  // region: rows of groups in chunks
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  chunk: u32,            // rows per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
  // end region
  channels: u32,
  known: u32,
  rowStride: u32,        // channels of a row of `statistics`
  // region: momentum
  epsilon: f32,
  keep: f32,             // 1 - momentum
  meanShare: f32,        // momentum
  varianceShare: f32,    // momentum * rows / (rows - 1): the running variance is the unbiased one
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> moments: array<f32>;                  // [groups, 3 chunks, channels - known]
@group(0) @binding(2) var<storage, read> gamma: array<f32>;                    // [channels]
@group(0) @binding(3) var<storage, read> beta: array<f32>;                     // [channels]
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;         // [groups, 2, rowStride]: mean, variance
@group(0) @binding(5) var<storage, read_write> runningMean: array<f32>;        // [channels]
@group(0) @binding(6) var<storage, read_write> runningVariance: array<f32>;    // [channels]
@group(0) @binding(7) var<storage, read_write> factors: array<f32>;            // [groups, 2, channels]: scale, shift

// region: joined moments
// The moments of a and b together, by Chan's formula: of each the pivot, mean minus pivot, sum of squares, count.
fn joined_moments(a: vec4f, b: vec4f) -> vec4f {
  let difference = b.x - a.x + (b.y - a.y);
  let share = b.w / (a.w + max(b.w, 1.0));
  let offset = a.y + difference * share;
  let sum_of_squares = a.z + (b.z + difference * difference * (a.w * share));
  let beyond = b.x - a.x - offset;
  let near = select(vec2f(a.x, offset), vec2f(b.x, -beyond), abs(beyond) < abs(offset));
  return vec4f(near, sum_of_squares, a.w + b.w);
}
// end region

// region: moments of a chunk
// Pivot, mean minus pivot, sum of squares and rows of a chunk; `place` is that of the first of `width` channels.
fn moments_at(chunk: u32, place: u32, width: u32) -> vec4f {
  let at = 3u * chunk * width + place;
  let rows = min(sizes.chunk, sizes.rows - chunk * sizes.chunk);
  return vec4f(moments[at + 2u * width], moments[at], moments[at + width], f32(rows));
}

fn joined_chunks(lane: u32, chunks: u32, place: u32, width: u32) -> vec4f {
  var all = vec4f(moments[3u * min(lane, sizes.chunks - 1u) * width + place + 2u * width], 0.0, 0.0, 0.0);
  var chunk = lane;
  for (; LANES > 1u && chunk + 3u * LANES < chunks; chunk += 4u * LANES) {
    let a = moments_at(chunk, place, width);
    let b = moments_at(chunk + LANES, place, width);
    let c = moments_at(chunk + 2u * LANES, place, width);
    let d = moments_at(chunk + 3u * LANES, place, width);
    all = joined_moments(joined_moments(joined_moments(joined_moments(all, a), b), c), d);
  }
  for (; chunk < chunks; chunk += LANES) { all = joined_moments(all, moments_at(chunk, place, width)); }
  return all;
}
// end region

// region: joined lanes of a channel
// What a lane knows of its chunks.
var<workgroup> moments_of: array<vec4f, WIDTH>;

// The moments of all lanes of a channel, joined in a tree: what lane 0 gets. There are as many with chunks as there are chunks.
fn joined_lanes(own: vec4f, place: u32, chunks: u32) -> vec4f {
  if (LANES == 1u) { return own; }
  let lane = place / SPAN;
  moments_of[place] = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half && lane + half < chunks) {
      moments_of[place] = joined_moments(moments_of[place], moments_of[place + half * SPAN]);
    }
  }
  return moments_of[place];
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: lanes of a channel
  let first = (workgroup.x + workgroup.y * grid.x) * SPAN;
  let all = sizes.groups * sizes.channels;
  if (first >= all) { return; }
  // Past the end there are no chunks and nothing is stored, so that all of a workgroup come to its barriers.
  let number = first + local.x % SPAN;
  let index = min(number, all - 1u);
  let lane = local.x / SPAN;
  let chunks = select(0u, sizes.chunks, number == index);
  let channel = index % sizes.channels;
  let group = index / sizes.channels;
  // end region

  // Channels whose statistics are known have no chunks.
  let fresh = sizes.channels - sizes.known;
  let is_fresh = channel >= sizes.known;
  let its_chunks = select(0u, chunks, is_fresh);
  let place = 3u * group * sizes.chunks * fresh + select(0u, channel - sizes.known, is_fresh);
  var own = vec4f();
  if (is_fresh) { own = joined_chunks(lane, its_chunks, place, fresh); }
  let whole = joined_lanes(own, local.x, its_chunks);
  if (lane > 0u || number != index) { return; }
  let at = 2u * group * sizes.rowStride + channel;
  if (is_fresh) {
    statistics[at] = whole.x + whole.y;
    statistics[at + sizes.rowStride] = whole.z / f32(sizes.rows);
  }
  let mean = statistics[at];
  let variance = statistics[at + sizes.rowStride];
  // region: scale and shift
  let scale = gamma[channel] / sqrt(variance + sizes.epsilon);
  let factors_of = 2u * group * sizes.channels + channel;
  factors[factors_of] = scale;
  factors[factors_of + sizes.channels] = fma(-mean, scale, beta[channel]);
  if (group == 0u) {
    runningMean[channel] = fma(sizes.keep, runningMean[channel], sizes.meanShare * mean);
    runningVariance[channel] = fma(sizes.keep, runningVariance[channel], sizes.varianceShare * variance);
  }
  // end region
}
