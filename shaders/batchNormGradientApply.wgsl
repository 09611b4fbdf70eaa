// Last pass of the gradient of batch normalisation with respect to x, f32:
//   dx[r, c] = gamma[c] d[c] (dy[r, c] - share[c] / rows - h[r, c] dgamma[c] / rows)
//   d[c] = 1 / sqrt(variance[c] + epsilon),  h[r, c] = (x[r, c] - mean[c]) d[c]
// share is dbeta, put right for the rounding of the mean (see batchNormGradientCombine).
//
// One invocation computes ROWS rows of one channel (or four neighbouring ones), so that what belongs to the channel is
// loaded once for all of them; neighbours own neighbouring channels.
//
// launch: ceil(ceil(rows / ROWS) * channels / WIDTH) workgroups
// work: 6 * rows * channels * lanes(Element) operations

// region: knobs of rows
alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const ROWS = 16u;        // knob: rows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

struct Sizes {
  rows: u32,
  channels: u32,         // in Elements
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [rows, channels]
@group(0) @binding(2) var<storage, read> gamma: array<Element>;      // [channels]
@group(0) @binding(3) var<storage, read> mean: array<Element>;       // [channels]
@group(0) @binding(4) var<storage, read> variance: array<Element>;   // [channels]
@group(0) @binding(5) var<storage, read> dy: array<Element>;         // [rows, channels]
@group(0) @binding(6) var<storage, read> dgamma: array<Element>;     // [channels]
@group(0) @binding(7) var<storage, read> share: array<Element>;      // [channels]
@group(0) @binding(8) var<storage, read_write> dx: array<Element>;   // [rows, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: rows of a channel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let first = index / sizes.channels * ROWS;
  let end = min(first + ROWS, sizes.rows);
  // end region
  let inverse = 1.0 / sqrt(variance[channel] + sizes.epsilon);
  let slope = gamma[channel] * inverse;
  let centre = mean[channel];
  let mean_gradient = share[channel] / f32(sizes.rows);
  let correction = dgamma[channel] / f32(sizes.rows) * inverse;
  for (var row = first; row < end; row++) {
    let at = row * sizes.channels + channel;
    dx[at] = slope * (dy[at] - mean_gradient - (x[at] - centre) * correction);
  }
}
