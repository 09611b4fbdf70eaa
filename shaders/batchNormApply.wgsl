// Last pass of batch normalisation, f32:
//   y[r, c] = (x[r, c] - pivots[g, 0, c] - centre[g, c]) * scale[g, c] + beta[c], g the group that row r is in
// pivots[g, 0, c] + centre[g, c] is the mean (see batchNormCombine): taking it away in two steps loses nothing where it is far
// larger than the deviation (a mean rounded to f32 would).
//
// One invocation computes ROWS rows of one channel (or four neighbouring ones), so that what belongs to the channel is
// loaded once for all of them; neighbours own neighbouring channels.
//
// launch: ceil(groups * ceil(rows / ROWS) * channels / WIDTH) workgroups
// work: 3 * groups * rows * channels * lanes(Element) operations

// region: knobs of rows
alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const ROWS = 16u;        // knob: rows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  channels: u32,         // in Elements
  chunks: u32,           // chunks of a group, of which the first has its pivot
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [groups rows, channels]
@group(0) @binding(2) var<storage, read> pivots: array<Element>;     // [groups, chunks, channels]
@group(0) @binding(3) var<storage, read> centre: array<Element>;     // [groups, channels]
@group(0) @binding(4) var<storage, read> scale: array<Element>;      // [groups, channels]
@group(0) @binding(5) var<storage, read> beta: array<Element>;       // [channels]
@group(0) @binding(6) var<storage, read_write> y: array<Element>;    // [groups rows, channels]

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
  let near = pivots[group * sizes.chunks * sizes.channels + channel];
  let offset = centre[norm];
  let slope = scale[norm];
  let bias = beta[channel];
  for (var row = first; row < end; row++) {
    let at = row * sizes.channels + channel;
    y[at] = fma(x[at] - near - offset, slope, bias);
  }
}
