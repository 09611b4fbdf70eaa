// First pass of batch normalisation: the moments of x[rows, channels] per channel over chunks of rows, f32.
//   pivots[p, c]  = x[r, c] of one row r of chunk p, near the mean
//   offset[p, c]  = mean over the rows r of chunk p of x[r, c] - pivots[p, c]
//   squares[p, c] = sum over them of (x[r, c] - pivots[p, c] - offset[p, c])^2
//
// A group of rows is cut into chunks by itself; p counts through all groups.
//
// One invocation computes one (chunk, channel), or four neighbouring channels of a chunk; neighbours own neighbouring
// channels, so loads coalesce.
// Taking a pivot away keeps the digits where the mean is far larger than the deviation. It is the chunk's first row at
// first, and each row that lies nearer to the mean so far takes its place: an outlier does not stay. Rows join four at
// a time by Chan's formula.
//
// launch: ceil(groups * chunks * channels / WIDTH) workgroups
// work: 6 * groups * rows * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows of groups in chunks
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  chunk: u32,            // rows per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
  // end region
  channels: u32,         // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [groups rows, channels]
@group(0) @binding(2) var<storage, read_write> pivots: array<Element>;     // [groups chunks, channels]
@group(0) @binding(3) var<storage, read_write> offset: array<Element>;     // [groups chunks, channels]
@group(0) @binding(4) var<storage, read_write> squares: array<Element>;    // [groups chunks, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: chunk of a channel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.groups * sizes.chunks * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let chunk = index / sizes.channels;   // counted through all groups
  let group = chunk / sizes.chunks;
  let start = group * sizes.rows + chunk % sizes.chunks * sizes.chunk;
  let end = min(start + sizes.chunk, (group + 1u) * sizes.rows);
  // end region

  // region: moments of a chunk
  var pivot = x[start * sizes.channels + channel];
  var count = 0.0;
  var mean = Element();
  var sum_of_squares = Element();
  var row = start;
  for (; row + 4u <= end; row += 4u) {
    let at = row * sizes.channels + channel;
    let value = x[at];
    let a = value - pivot;
    let b = x[at + sizes.channels] - pivot;
    let c = x[at + 2u * sizes.channels] - pivot;
    let d = x[at + 3u * sizes.channels] - pivot;
    let block_mean = 0.25 * ((a + b) + (c + d));
    let block_squares = (a - block_mean) * (a - block_mean) + (b - block_mean) * (b - block_mean)
      + (c - block_mean) * (c - block_mean) + (d - block_mean) * (d - block_mean);
    let difference = block_mean - mean;
    let share = 4.0 / (count + 4.0);
    mean += difference * share;
    sum_of_squares += block_squares + difference * difference * (count * share);
    count += 4.0;
    let beyond = a - mean;
    let is_nearer = abs(beyond) < abs(mean);
    pivot = select(pivot, value, is_nearer);
    mean = select(mean, -beyond, is_nearer);
  }
  for (; row < end; row++) {
    let value = x[row * sizes.channels + channel];
    // end region
    // region: one more row
    let difference = value - pivot - mean;
    let is_nearer = abs(difference) < abs(mean);
    pivot = select(pivot, value, is_nearer);
    mean = select(mean, -difference, is_nearer);
    let share = 1.0 / (count + 1.0);
    mean += difference * share;
    sum_of_squares += difference * difference * (count * share);
    count += 1.0;
    // end region
  }
  pivots[index] = pivot;
  offset[index] = mean;
  squares[index] = sum_of_squares;
}
