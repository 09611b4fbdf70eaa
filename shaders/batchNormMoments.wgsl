// First pass of batch normalisation: the moments of x[rows, channels] per channel over chunks of rows, f32.
//   offset[p, c]  = mean over the rows r of chunk p of d[r, c],  d[r, c] = x[r, c] - x[0, c]
//   squares[p, c] = sum over them of (d[r, c] - offset[p, c])^2
//
// One invocation computes one (chunk, channel), or four neighbouring channels of a chunk; neighbours own neighbouring
// channels, so loads coalesce.
// Taking the channel's first row away is exact where the mean is far larger than the deviation. Rows join four at a
// time by Chan's formula, so nothing cancels either where that first row is an outlier.
//
// launch: ceil(chunks * channels / WIDTH) workgroups
// work: 5 * rows * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows in chunks
  rows: u32,
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
  // end region
  channels: u32,         // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [rows, channels]
@group(0) @binding(2) var<storage, read_write> offset: array<Element>;     // [chunks, channels]
@group(0) @binding(3) var<storage, read_write> squares: array<Element>;    // [chunks, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: chunk of a channel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.chunks * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let chunk = index / sizes.channels;
  let start = chunk * sizes.chunk;
  let end = min(start + sizes.chunk, sizes.rows);
  // end region
  let shift = x[channel];

  var count = 0.0;
  var mean = Element();
  var sum_of_squares = Element();
  var row = start;
  for (; row + 4u <= end; row += 4u) {
    let at = row * sizes.channels + channel;
    let a = x[at] - shift;
    let b = x[at + sizes.channels] - shift;
    let c = x[at + 2u * sizes.channels] - shift;
    let d = x[at + 3u * sizes.channels] - shift;
    let block_mean = 0.25 * ((a + b) + (c + d));
    let block_squares = (a - block_mean) * (a - block_mean) + (b - block_mean) * (b - block_mean)
      + (c - block_mean) * (c - block_mean) + (d - block_mean) * (d - block_mean);
    let difference = block_mean - mean;
    let share = 4.0 / (count + 4.0);
    mean += difference * share;
    sum_of_squares += block_squares + difference * difference * (count * share);
    count += 4.0;
  }
  for (; row < end; row++) {
    let difference = x[row * sizes.channels + channel] - shift - mean;
    // region: one more row
    let share = 1.0 / (count + 1.0);
    mean += difference * share;
    sum_of_squares += difference * difference * (count * share);
    count += 1.0;
    // end region
  }
  offset[index] = mean;
  squares[index] = sum_of_squares;
}
