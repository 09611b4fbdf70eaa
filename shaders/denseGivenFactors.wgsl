// What one batch norm multiplies and adds, from given statistics, f32:
//   factors[0, c] = gamma[c] / sqrt(variance[c] + epsilon)
//   factors[1, c] = beta[c] - mean[c] * factors[0, c]
// and its running statistics moved towards them. As denseFactors.wgsl, with nothing left to join.
//
// One invocation computes one channel.
//
// launch: ceil(channels / WIDTH) workgroups
// work: 10 * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  channels: u32,
  // region: momentum
  epsilon: f32,
  keep: f32,             // 1 - momentum
  meanShare: f32,        // momentum
  varianceShare: f32,    // momentum * rows / (rows - 1): the running variance is the unbiased one
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;               // [2, channels]: mean, variance
@group(0) @binding(2) var<storage, read> gamma: array<f32>;                    // [channels]
@group(0) @binding(3) var<storage, read> beta: array<f32>;                     // [channels]
@group(0) @binding(4) var<storage, read_write> runningMean: array<f32>;        // [channels]
@group(0) @binding(5) var<storage, read_write> runningVariance: array<f32>;    // [channels]
@group(0) @binding(6) var<storage, read_write> factors: array<f32>;            // [2, channels]: scale, shift

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let channel = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (channel >= sizes.channels) { return; }
  let mean = statistics[channel];
  let variance = statistics[sizes.channels + channel];
  // region: scale and shift
  let scale = gamma[channel] / sqrt(variance + sizes.epsilon);
  factors[channel] = scale;
  factors[sizes.channels + channel] = fma(-mean, scale, beta[channel]);
  runningMean[channel] = fma(sizes.keep, runningMean[channel], sizes.meanShare * mean);
  runningVariance[channel] = fma(sizes.keep, runningVariance[channel], sizes.varianceShare * variance);
  // end region
}
