// Last pass of the gradient of group normalisation with respect to x, f32, for each image n, pixel r and channel c:
//   dx[n, r, c] = gamma[c] d dy[n, r, c] - shift[n, c] - (x[n, r, c] - mean[n, c]) bend[n, c]
//   d = 1 / sqrt(variance[n, c] + epsilon); shift and bend are those of the group (see groupNormGradientCombine)
//
// One invocation computes ROWS pixels of one channel (or four neighbouring ones), so that what belongs to the channel is
// loaded once for all of them; neighbours own neighbouring channels.
//
// launch: ceil(images * ceil(pixels / ROWS) * channels / WIDTH) workgroups
// work: 6 * images * pixels * channels * lanes(Element) operations

// region: knobs of rows
alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const ROWS = 16u;        // knob: rows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

struct Sizes {
  images: u32,
  pixels: u32,           // per image
  channels: u32,         // in Elements
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [images, pixels, channels]
@group(0) @binding(2) var<storage, read> dy: array<Element>;         // [images, pixels, channels]
@group(0) @binding(3) var<storage, read> mean: array<Element>;       // [images, channels]
@group(0) @binding(4) var<storage, read> variance: array<Element>;   // [images, channels]
@group(0) @binding(5) var<storage, read> gamma: array<Element>;      // [channels]
@group(0) @binding(6) var<storage, read> shift: array<Element>;      // [images, channels]
@group(0) @binding(7) var<storage, read> bend: array<Element>;       // [images, channels]
@group(0) @binding(8) var<storage, read_write> dx: array<Element>;   // [images, pixels, channels]

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
  let of_image = image * sizes.channels + channel;
  let slope = gamma[channel] / sqrt(variance[of_image] + sizes.epsilon);
  let centre = mean[of_image];
  let step = shift[of_image];
  let curve = bend[of_image];
  for (var pixel = first; pixel < end; pixel++) {
    let at = (image * sizes.pixels + pixel) * sizes.channels + channel;
    dx[at] = fma(slope, dy[at], -step) - (x[at] - centre) * curve;
  }
}
