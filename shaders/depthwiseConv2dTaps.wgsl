// y[n, p, q, k] = sum over r, s of x[n, h, w, floor(k / multiplier)] * weights[r, s, k], f32, where
//   h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; the sum skips taps outside the image,
//   multiplier is K / C. For filters of any size, stride and dilation.
//
// One invocation computes one pixel of one channel (or of four neighbouring ones); neighbouring invocations own neighbouring
// channels, so loads coalesce.
//
// launch: ceil(batch * outputHeight * outputWidth * outputChannels / WIDTH) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time where multiplier is 1
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: convolution extents
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C
  filterHeight: u32,     // R
  filterWidth: u32,      // S
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  outputChannels: u32,   // K
  // end region
  // region: convolution steps
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: u32,
  paddingWidth: u32,
  dilationHeight: u32,
  dilationWidth: u32,
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;                     // C and K are in fours where the values are
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [N, H, W, C]
@group(0) @binding(2) var<storage, read> weights: array<Element>;    // [R, S, K]
@group(0) @binding(3) var<storage, read_write> y: array<Element>;    // [N, P, Q, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.outputChannels;
  let pixel = index / sizes.outputChannels;
  // region: output pixel
  let line = pixel / sizes.outputWidth;
  let image = line / sizes.outputHeight;
  if (image >= sizes.batch) { return; }
  let top = i32(line % sizes.outputHeight * sizes.strideHeight) - i32(sizes.paddingHeight);
  let left = i32(pixel % sizes.outputWidth * sizes.strideWidth) - i32(sizes.paddingWidth);
  // end region

  let x_channel = channel / (sizes.outputChannels / sizes.channels);
  var sum = Element();
  for (var r = 0u; r < sizes.filterHeight; r++) {
    let h = top + i32(r * sizes.dilationHeight);
    if (h < 0 || h >= i32(sizes.height)) { continue; }
    let start = (image * sizes.height + u32(h)) * sizes.width;
    for (var s = 0u; s < sizes.filterWidth; s++) {
      let w = left + i32(s * sizes.dilationWidth);
      if (w < 0 || w >= i32(sizes.width)) { continue; }
      let weight = weights[(r * sizes.filterWidth + s) * sizes.outputChannels + channel];
      sum = fma(x[(start + u32(w)) * sizes.channels + x_channel], weight, sum);
    }
  }
  y[index] = sum;
}
