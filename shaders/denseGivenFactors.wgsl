// What one batch norm multiplies and adds, from given statistics, f32:
//   factors[0, c] = gamma[c] / sqrt(variance[c] + epsilon)
//   factors[1, c] = beta[c] - mean[c] * factors[0, c]
// for each group of rows, and its running statistics moved towards those of the first group. As denseFactors.wgsl, with
// nothing left to join.
//
// One invocation computes one channel of one group.
//
// launch: ceil(groups * channels / WIDTH) workgroups
// work: 10 * groups * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  channels: u32,
  // region: momentum
  epsilon: f32,
  keep: f32,             // 1 - momentum
  meanShare: f32,        // momentum
  varianceShare: f32,    // momentum * rows / (rows - 1): the running variance is the unbiased one
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;               // [groups, 2, channels]: mean, variance
@group(0) @binding(2) var<storage, read> gamma: array<f32>;                    // [channels]
@group(0) @binding(3) var<storage, read> beta: array<f32>;                     // [channels]
@group(0) @binding(4) var<storage, read_write> runningMean: array<f32>;        // [channels]
@group(0) @binding(5) var<storage, read_write> runningVariance: array<f32>;    // [channels]
@group(0) @binding(6) var<storage, read_write> factors: array<f32>;            // [groups, 2, channels]: scale, shift

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
  let mean = statistics[2u * group * sizes.channels + channel];
  let variance = statistics[(2u * group + 1u) * sizes.channels + channel];
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
