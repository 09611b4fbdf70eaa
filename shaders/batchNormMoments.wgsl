// First pass of batch normalisation: the moments of x[rows, channels] per channel over chunks of rows, f32.
//   offset[p, c]  = mean over the rows r of chunk p of d[r, c],  d[r, c] = x[r, c] - x[0, c]
//   squares[p, c] = sum over them of (d[r, c] - offset[p, c])^2
//
// One invocation computes one (chunk, channel); neighbours own neighbouring channels, so loads coalesce.
// Taking the channel's first row away is exact where the mean is far larger than the deviation. Rows join eight at
// a time by Chan's formula, so nothing cancels either where that first row is an outlier.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  channels: u32,
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;                // [rows, channels]
@group(0) @binding(2) var<storage, read_write> offset: array<f32>;     // [chunks, channels]
@group(0) @binding(3) var<storage, read_write> squares: array<f32>;    // [chunks, channels]

fn four_rows(at: u32) -> vec4f {
  let stride = sizes.channels;
  return vec4f(x[at], x[at + stride], x[at + 2u * stride], x[at + 3u * stride]);
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.chunks * sizes.channels) { return; }
  let channel = index % sizes.channels;
  var row = index / sizes.channels * sizes.chunk;
  let end = min(row + sizes.chunk, sizes.rows);
  let shift = x[channel];

  var count = 0.0;
  var mean = 0.0;
  var sum_of_squares = 0.0;
  for (; row + 8u <= end; row += 8u) {
    let at = row * sizes.channels + channel;
    let low = four_rows(at) - shift;
    let high = four_rows(at + 4u * sizes.channels) - shift;
    let block_mean = dot(low + high, vec4f(0.125));
    let low_deviation = low - block_mean;
    let high_deviation = high - block_mean;
    let block_squares = dot(low_deviation, low_deviation) + dot(high_deviation, high_deviation);
    let difference = block_mean - mean;
    let share = 8.0 / (count + 8.0);
    mean += difference * share;
    sum_of_squares += block_squares + difference * difference * count * share;
    count += 8.0;
  }
  for (; row < end; row++) {
    let difference = x[row * sizes.channels + channel] - shift - mean;
    let share = 1.0 / (count + 1.0);
    mean += difference * share;
    sum_of_squares += difference * difference * count * share;
    count += 1.0;
  }
  offset[index] = mean;
  squares[index] = sum_of_squares;
}
