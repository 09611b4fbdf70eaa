// Batch normalisation with given statistics, f32:
//   y[r, c] = (x[r, c] - mean[c]) * gamma[c] / sqrt(variance[c] + epsilon) + beta[c]
//
// One invocation computes ROWS rows of one channel (or four neighbouring ones), so that what belongs to the channel is
// loaded once for all of them; neighbours own neighbouring channels.
//
// launch: ceil(ceil(rows / ROWS) * channels / WIDTH) workgroups
// work: 3 * rows * channels * lanes(Element) operations

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
@group(0) @binding(3) var<storage, read> beta: array<Element>;       // [channels]
@group(0) @binding(4) var<storage, read> mean: array<Element>;       // [channels]
@group(0) @binding(5) var<storage, read> variance: array<Element>;   // [channels]
@group(0) @binding(6) var<storage, read_write> y: array<Element>;    // [rows, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let first = index / sizes.channels * ROWS;
  let end = min(first + ROWS, sizes.rows);
  let centre = mean[channel];
  let slope = gamma[channel] / sqrt(variance[channel] + sizes.epsilon);
  let bias = beta[channel];
  for (var row = first; row < end; row++) {
    let at = row * sizes.channels + channel;
    y[at] = fma(x[at] - centre, slope, bias);
  }
}
