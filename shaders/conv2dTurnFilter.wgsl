// turned[R - 1 - r, S - 1 - s, k, c] = weights[r, s, c, k], f32: the filter turned by half a turn, its channels
// swapped. A convolution of dy with it is the input gradient (conv2dBlocked).
//
// One invocation moves one value; neighbouring invocations write neighbouring values.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  taps: u32,             // R S
  channels: u32,         // C
  outputChannels: u32,   // K
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weights: array<f32>;         // [R, S, C, K]
@group(0) @binding(2) var<storage, read_write> turned: array<f32>;    // [R, S, K, C]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let output_channel = index / sizes.channels % sizes.outputChannels;
  let tap = index / sizes.channels / sizes.outputChannels;
  if (tap >= sizes.taps) { return; }
  let opposite = sizes.taps - 1u - tap;
  turned[index] = weights[(opposite * sizes.channels + channel) * sizes.outputChannels + output_channel];
}
