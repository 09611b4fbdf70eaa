// Last pass of batch normalisation, f32:
//   y[r, c] = (x[r, c] - pivot[c] - centre[c]) * scale[c] + beta[c]
// pivot[c] + centre[c] is the mean (see batchNormCombine): taking it away in two steps loses nothing where it is far
// larger than the deviation (a mean rounded to f32 would).
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
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [rows, channels]
@group(0) @binding(2) var<storage, read> pivot: array<Element>;      // [channels]
@group(0) @binding(3) var<storage, read> centre: array<Element>;     // [channels]
@group(0) @binding(4) var<storage, read> scale: array<Element>;      // [channels]
@group(0) @binding(5) var<storage, read> beta: array<Element>;       // [channels]
@group(0) @binding(6) var<storage, read_write> y: array<Element>;    // [rows, channels]

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
  let near = pivot[channel];
  let offset = centre[channel];
  let slope = scale[channel];
  let bias = beta[channel];
  for (var row = first; row < end; row++) {
    let at = row * sizes.channels + channel;
    y[at] = fma(x[at] - near - offset, slope, bias);
  }
}
