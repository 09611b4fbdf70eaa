// What one batch norm multiplies and adds, from the statistics of the channels it reads, f32:
//   factors[0, c] = gamma[c] / sqrt(variance[c] + epsilon)
//   factors[1, c] = beta[c] - mean[c] * factors[0, c]
// and its running statistics moved towards the batch's. The first `known` channels have their mean and variance in
// `statistics`; those of the others are joined from the chunks of denseMoments, in order, by Chan's formula, and put
// there.
//
// One invocation computes one channel.
//
// launch: ceil(channels / WIDTH) workgroups
// work: 8 * channels + 12 * chunks * (channels - known) operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows in chunks
  rows: u32,
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
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
@group(0) @binding(1) var<storage, read> moments: array<f32>;                  // [3 chunks, channels - known]
@group(0) @binding(2) var<storage, read> gamma: array<f32>;                    // [channels]
@group(0) @binding(3) var<storage, read> beta: array<f32>;                     // [channels]
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;         // [2, rowStride]: mean, variance
@group(0) @binding(5) var<storage, read_write> runningMean: array<f32>;        // [channels]
@group(0) @binding(6) var<storage, read_write> runningVariance: array<f32>;    // [channels]
@group(0) @binding(7) var<storage, read_write> factors: array<f32>;            // [2, channels]: scale, shift

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let channel = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (channel >= sizes.channels) { return; }

  if (channel >= sizes.known) {
    let fresh = sizes.channels - sizes.known;
    let place = channel - sizes.known;
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
    statistics[channel] = pivot + joined;
    statistics[sizes.rowStride + channel] = sum_of_squares / f32(sizes.rows);
  }
  let mean = statistics[channel];
  let variance = statistics[sizes.rowStride + channel];
  // region: scale and shift
  let scale = gamma[channel] / sqrt(variance + sizes.epsilon);
  factors[channel] = scale;
  factors[sizes.channels + channel] = fma(-mean, scale, beta[channel]);
  runningMean[channel] = fma(sizes.keep, runningMean[channel], sizes.meanShare * mean);
  runningVariance[channel] = fma(sizes.keep, runningVariance[channel], sizes.varianceShare * variance);
  // end region
}
