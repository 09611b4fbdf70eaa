// y[n, p, q, c] = mean over i < windowHeight, j < windowWidth of max(x[n, h, w, c] * scale[c] + shift[c], 0), f32,
//   h = p * strideHeight - paddingHeight + i, w likewise; zero outside the image.
// Scale and shift are those of the group of images that n is in.
//
// One invocation computes four neighbouring channels of one output; neighbours own neighbouring channels. All channel
// counts are in steps of four.
//
// launch: ceil(batch * outputHeight * outputWidth * channels / WIDTH) workgroups
// work: 16 * batch * outputHeight * outputWidth * channels * windowHeight * windowWidth operations

const WIDTH = 64u;       // knob: invocations per workgroup
alias X = vec4f;         // stored: x

// ReLU by bits, so that NaN stays NaN: those of all numbers below 0 are at most these, of -infinity, and those of NaN more.
const NEGATIVE_INFINITE = -0x00800000;

struct Sizes {
  // region: pool sizes
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C, or C / 4 where values are in fours
  windowHeight: u32,
  windowWidth: u32,
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: u32,
  paddingWidth: u32,
  // end region
  groupImages: u32,      // images of a group with statistics of its own
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;              // [N, H, W, C]
@group(0) @binding(2) var<storage, read> factors: array<vec4f>;    // [groups, 2, C]: scale, shift
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // [N, P, Q, C]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let pixel = index / sizes.channels;
  // region: output pixel
  let line = pixel / sizes.outputWidth;
  let image = line / sizes.outputHeight;
  if (image >= sizes.batch) { return; }
  let top = i32(line % sizes.outputHeight * sizes.strideHeight) - i32(sizes.paddingHeight);
  let left = i32(pixel % sizes.outputWidth * sizes.strideWidth) - i32(sizes.paddingWidth);
  // end region
  // region: window of the output
  // The part of the window inside the image; the host makes sure there is some.
  let first_h = u32(max(top, 0));
  let end_h = min(u32(top + i32(sizes.windowHeight)), sizes.height);
  let first_w = u32(max(left, 0));
  let end_w = min(u32(left + i32(sizes.windowWidth)), sizes.width);
  let group = image / sizes.groupImages;
  let scale = factors[2u * group * sizes.channels + channel];
  let shift = factors[(2u * group + 1u) * sizes.channels + channel];
  // end region

  var sum = vec4f();
  for (var h = first_h; h < end_h; h++) {
    for (var w = first_w; w < end_w; w++) {
      let value = vec4f(x[((image * sizes.height + h) * sizes.width + w) * sizes.channels + channel]);
      let normalised = fma(value, scale, shift);
      sum += select(normalised, vec4f(), bitcast<vec4i>(normalised) <= vec4i(NEGATIVE_INFINITE));
    }
  }
  y[index] = sum / f32(sizes.windowHeight * sizes.windowWidth);
}
