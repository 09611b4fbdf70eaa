// u = G w G^T for every pair of an input and an output channel, f32: a filter of 3x3 taps as the 4x4 factors of winogradProducts,
// where G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1] (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016).
// Where TURNED is set the weights are [3, 3, K, C] and lie turned by half a turn: the input gradient.
//
// One invocation takes a pair; neighbours own neighbouring output channels. Four at a time would be no faster on lavapipe, where a
// vector is loaded and stored value by value, and longer to compile.
//
// launch: ceil(channels * outputChannels / WIDTH) workgroups
// work: 28 * channels * outputChannels operations

const TURNED = false;      // knob: whether this is the input gradient of the filter
const WIDTH = 64u;         // knob: invocations per workgroup

struct Sizes {
  channels: u32,         // C
  outputChannels: u32,   // K
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weights: array<f32>;     // [3, 3, C, K], or [3, 3, K, C] where TURNED
@group(0) @binding(2) var<storage, read_write> u: array<f32>;     // [4, 4, C, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let count = sizes.channels * sizes.outputChannels;
  if (index >= count) { return; }

  var taps: array<f32, 9>;
  for (var tap = 0u; tap < 9u; tap++) {
    var at = tap * count + index;
    if (TURNED) {
      let channel = index / sizes.outputChannels;
      at = (8u - tap) * count + index % sizes.outputChannels * sizes.channels + channel;
    }
    taps[tap] = weights[at];
  }
  var rows: array<array<f32, 3>, 4>;
  for (var s = 0u; s < 3u; s++) {
    rows[0][s] = taps[s];
    rows[1][s] = 0.5 * (taps[s] + taps[3u + s] + taps[6u + s]);
    rows[2][s] = 0.5 * (taps[s] - taps[3u + s] + taps[6u + s]);
    rows[3][s] = taps[6u + s];
  }
  for (var i = 0u; i < 4u; i++) {
    u[4u * i * count + index] = rows[i][0];
    u[(4u * i + 1u) * count + index] = 0.5 * (rows[i][0] + rows[i][1] + rows[i][2]);
    u[(4u * i + 2u) * count + index] = 0.5 * (rows[i][0] - rows[i][1] + rows[i][2]);
    u[(4u * i + 3u) * count + index] = rows[i][2];
  }
}
