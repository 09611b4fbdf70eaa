// What one batch norm multiplies and adds, from the statistics of the channels it reads, f32:
//   factors[0, c] = gamma[c] / sqrt(variance[c] + epsilon)
//   factors[1, c] = beta[c] - mean[c] * factors[0, c]
// for each group of rows, and its running statistics moved towards those of the first group. The first `known` channels
// have their mean and variance in `statistics`; those of the others are joined from the chunks of denseMoments, in order,
// by Chan's formula, and put there.
//
// One invocation computes one channel of one group.
//
// launch: ceil(groups * channels / WIDTH) workgroups
// work: 8 * groups * channels + 12 * groups * chunks * (channels - known) operations

const WIDTH = 64u;       // knob: invocations per workgroup

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

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.groups * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let group = index / sizes.channels;
  let moments_of = 2u * group * sizes.rowStride + channel;

  if (channel >= sizes.known) {
    let fresh = sizes.channels - sizes.known;
    let place = 3u * group * sizes.chunks * fresh + channel - sizes.known;
    // region: joined chunks
    var count = 0.0;
    var joined = 0.0;
    var sum_of_squares = 0.0;
    var pivot = moments[2u * fresh + place];
    for (var chunk = 0u; chunk < sizes.chunks; chunk++) {
      let rows = f32(min(sizes.chunk, sizes.rows - chunk * sizes.chunk));
      let at = 3u * chunk * fresh + place;
      let value = moments[at + 2u * fresh];
      let difference = value - pivot + (moments[at] - joined);
      let share = rows / (count + rows);
      joined += difference * share;
      sum_of_squares += moments[at + fresh] + difference * difference * (count * share);
      count += rows;
      let beyond = value - pivot - joined;
      let is_nearer = abs(beyond) < abs(joined);
      pivot = select(pivot, value, is_nearer);
      joined = select(joined, -beyond, is_nearer);
    }
    // end region
    statistics[moments_of] = pivot + joined;
    statistics[moments_of + sizes.rowStride] = sum_of_squares / f32(sizes.rows);
  }
  let mean = statistics[moments_of];
  let variance = statistics[moments_of + sizes.rowStride];
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
