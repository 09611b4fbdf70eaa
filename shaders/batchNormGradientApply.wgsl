// Last pass of the gradient of batch normalisation with respect to x, f32:
//   dx[r, c] = gamma[c] d[c] (dy[r, c] - shares[0, c] / rows - h[r, c] shares[1, c] / rows)
//   d[c] = 1 / sqrt(variance[c] + epsilon),  h[r, c] = (x[r, c] - mean[c]) d[c]
// with shares, mean and variance those of the group of rows that r is in. The shares are the group's part of dbeta, put
// right for the rounding of the mean, and of dgamma (see batchNormGradientCombine).
//
// One invocation computes ROWS rows of one channel (or four neighbouring ones), so that what belongs to the channel is
// loaded once for all of them; neighbours own neighbouring channels.
//
// launch: ceil(groups * ceil(rows / ROWS) * channels / WIDTH) workgroups
// work: 6 * groups * rows * channels * lanes(Element) operations

// region: knobs of rows
alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const ROWS = 16u;        // knob: rows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  channels: u32,         // in Elements
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [groups rows, channels]
@group(0) @binding(2) var<storage, read> gamma: array<Element>;      // [channels]
@group(0) @binding(3) var<storage, read> mean: array<Element>;       // [groups, channels]
@group(0) @binding(4) var<storage, read> variance: array<Element>;   // [groups, channels]
@group(0) @binding(5) var<storage, read> dy: array<Element>;         // [groups rows, channels]
@group(0) @binding(6) var<storage, read> shares: array<Element>;     // [groups, 2, channels]
@group(0) @binding(7) var<storage, read_write> dx: array<Element>;   // [groups rows, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: rows of a channel in a group
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let blocks = (sizes.rows + ROWS - 1u) / ROWS;
  let block = index / sizes.channels;
  let group = block / blocks;
  if (group >= sizes.groups) { return; }
  let first = group * sizes.rows + block % blocks * ROWS;
  let end = min(first + ROWS, (group + 1u) * sizes.rows);
  let norm = group * sizes.channels + channel;
  // end region
  let inverse = 1.0 / sqrt(variance[norm] + sizes.epsilon);
  let slope = gamma[channel] * inverse;
  let centre = mean[norm];
  let mean_gradient = shares[2u * group * sizes.channels + channel] / f32(sizes.rows);
  let correction = shares[(2u * group + 1u) * sizes.channels + channel] / f32(sizes.rows) * inverse;
  for (var row = first; row < end; row++) {
    let at = row * sizes.channels + channel;
    dx[at] = slope * (dy[at] - mean_gradient - (x[at] - centre) * correction);
  }
}
