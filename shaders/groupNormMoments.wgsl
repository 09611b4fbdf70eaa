// First pass of group normalisation: the moments of x[images, pixels, channels] per image and channel over chunks of pixels:
//   pivots[p, c]  = x[r, c] of one pixel r of chunk p, near the mean
//   offset[p, c]  = mean over the pixels r of chunk p of x[r, c] - pivots[p, c]
//   squares[p, c] = sum over them of (x[r, c] - pivots[p, c] - offset[p, c])^2
//
// One invocation computes one (chunk, channel), or four neighbouring channels of a chunk, as batchNormMoments does for
// chunks of rows; neighbours own neighbouring channels, so loads coalesce.
//
// launch: ceil(images * chunks * channels / WIDTH) workgroups
// work: 6 * images * pixels * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: pixels in chunks
  images: u32,
  pixels: u32,           // per image
  chunk: u32,            // pixels per chunk; the last chunk of an image may have fewer
  chunks: u32,           // per image
  // end region
  channels: u32,         // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [images, pixels, channels]
@group(0) @binding(2) var<storage, read_write> pivots: array<Element>;     // [images, chunks, channels]
@group(0) @binding(3) var<storage, read_write> offset: array<Element>;     // [images, chunks, channels]
@group(0) @binding(4) var<storage, read_write> squares: array<Element>;    // [images, chunks, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: chunk of an image
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.images * sizes.chunks * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let chunk = index / sizes.channels;
  let image = chunk / sizes.chunks;
  let start = image * sizes.pixels + chunk % sizes.chunks * sizes.chunk;
  let end = min(start + sizes.chunk, (image + 1u) * sizes.pixels);
  // end region
  var pivot = x[start * sizes.channels + channel];
  var count = 0.0;
  var mean = Element();
  var sum_of_squares = Element();
  var row = start;
  for (; row + 4u <= end; row += 4u) {
    let at = row * sizes.channels + channel;
    let value = x[at];
    let second = x[at + sizes.channels];
    let third = x[at + 2u * sizes.channels];
    let fourth = x[at + 3u * sizes.channels];
    // region: four more rows
    let a = value - pivot;
    let b = second - pivot;
    let c = third - pivot;
    let d = fourth - pivot;
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
    // end region
  }
  for (; row < end; row++) {
    let value = x[row * sizes.channels + channel];
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
