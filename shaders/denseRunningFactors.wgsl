// What one batch norm multiplies and adds at inference, from its running statistics, f32:
//   factors[0, c] = gamma[c] / sqrt(runningVariance[c] + epsilon)
//   factors[1, c] = beta[c] - runningMean[c] * factors[0, c]
//
// One invocation computes one channel.
//
// launch: ceil(channels / WIDTH) workgroups
// work: 6 * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  channels: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;              // [channels]
@group(0) @binding(2) var<storage, read> beta: array<f32>;               // [channels]
@group(0) @binding(3) var<storage, read> runningMean: array<f32>;        // [channels]
@group(0) @binding(4) var<storage, read> runningVariance: array<f32>;    // [channels]
@group(0) @binding(5) var<storage, read_write> factors: array<f32>;      // [2, channels]: scale, shift

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let channel = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (channel >= sizes.channels) { return; }
  let scale = gamma[channel] / sqrt(runningVariance[channel] + sizes.epsilon);
  factors[channel] = scale;
  factors[sizes.channels + channel] = fma(-runningMean[channel], scale, beta[channel]);
}
