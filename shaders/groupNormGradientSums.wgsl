// First pass of the gradient of group normalisation: per image and channel over chunks of pixels, f32,
//   plain[p, c]    = sum over the pixels r of chunk p of dy[r, c]
//   weighted[p, c] = sum over them of dy[r, c] * h[r, c],  h[r, c] = (x[r, c] - mean[n, c]) / sqrt(variance[n, c] + epsilon)
//   rest[p, c]     = sum over them of h[r, c]
//
// One invocation computes one (chunk, channel), or four neighbouring channels of a chunk; neighbours own neighbouring
// channels, so loads coalesce. Two pixels a turn keep four loads in flight.
//
// launch: ceil(images * chunks * channels / WIDTH) workgroups
// work: 5 * images * pixels * channels * lanes(Element) operations

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
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [images, pixels, channels]
@group(0) @binding(2) var<storage, read> dy: array<Element>;               // [images, pixels, channels]
@group(0) @binding(3) var<storage, read> mean: array<Element>;             // [images, channels]
@group(0) @binding(4) var<storage, read> variance: array<Element>;         // [images, channels]
@group(0) @binding(5) var<storage, read_write> plain: array<Element>;      // [images, chunks, channels]
@group(0) @binding(6) var<storage, read_write> weighted: array<Element>;   // [images, chunks, channels]
@group(0) @binding(7) var<storage, read_write> rest: array<Element>;       // [images, chunks, channels]

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
  let centre = mean[image * sizes.channels + channel];
  let stride = sizes.channels;
  var sums = Element();
  var products = Element();
  var deviations = Element();
  var row = start;
  for (; row + 2u <= end; row += 2u) {
    let at = row * stride + channel;
    let first = dy[at];
    let second = dy[at + stride];
    sums += first + second;
    let deviation = x[at] - centre;
    let next = x[at + stride] - centre;
    products += first * deviation + second * next;
    deviations += deviation + next;
  }
  if (row < end) {
    let at = row * stride + channel;
    let deviation = x[at] - centre;
    sums += dy[at];
    products += dy[at] * deviation;
    deviations += deviation;
  }
  let inverse = 1.0 / sqrt(variance[image * sizes.channels + channel] + sizes.epsilon);
  plain[index] = sums;
  weighted[index] = products * inverse;
  rest[index] = deviations * inverse;
}
