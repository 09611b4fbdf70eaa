// Last pass of group normalisation, f32, for each image n, pixel r and channel c:
//   y[n, r, c] = (x[n, r, c] - pivots[n, 0, c] - centre[n, c]) * scale[n, c] + beta[c]
// pivots[n, 0, c] + centre[n, c] is the mean (see groupNormCombine): taking it away in two steps loses nothing where it is
// far larger than the deviation.
//
// One invocation computes ROWS pixels of one channel (or four neighbouring ones), so that what belongs to the channel is
// loaded once for all of them; neighbours own neighbouring channels.
//
// launch: ceil(images * ceil(pixels / ROWS) * channels / WIDTH) workgroups
// work: 4 * images * pixels * channels * lanes(Element) operations

// region: knobs of rows
alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const ROWS = 16u;        // knob: rows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

struct Sizes {
  images: u32,
  pixels: u32,           // per image
  chunks: u32,           // of the pivots, per image
  channels: u32,         // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [images, pixels, channels]
@group(0) @binding(2) var<storage, read> pivots: array<Element>;     // [images, chunks, channels]
@group(0) @binding(3) var<storage, read> centre: array<Element>;     // [images, channels]
@group(0) @binding(4) var<storage, read> scale: array<Element>;      // [images, channels]
@group(0) @binding(5) var<storage, read> beta: array<Element>;       // [channels]
@group(0) @binding(6) var<storage, read_write> y: array<Element>;    // [images, pixels, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: pixels of a channel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let blocks = (sizes.pixels + ROWS - 1u) / ROWS;
  let image = index / sizes.channels / blocks;
  if (image >= sizes.images) { return; }
  let first = index / sizes.channels % blocks * ROWS;
  let end = min(first + ROWS, sizes.pixels);
  // end region
  let near = pivots[image * sizes.chunks * sizes.channels + channel];
  let offset = centre[image * sizes.channels + channel];
  let slope = scale[image * sizes.channels + channel];
  let bias = beta[channel];
  for (var pixel = first; pixel < end; pixel++) {
    let at = (image * sizes.pixels + pixel) * sizes.channels + channel;
    y[at] = fma(x[at] - near - offset, slope, bias);
  }
}
