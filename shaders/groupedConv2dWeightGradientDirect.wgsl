// dw[r, s, c, k] = sum over n, p, q of x[n, h, w, g * C / groups + c] * dy[n, p, q, k], f32, where
//   g = floor(k / (K / groups)), the group of k, c < C / groups,
//   h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; x is zero outside the image.
//
// One invocation computes one weight's gradient, line by line of dy, so that the error grows with the square root of
// the pixels rather than with their number; neighbouring invocations own neighbouring output channels.
//
// launch: ceil(filterHeight * filterWidth * channels / groups * outputChannels / WIDTH) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels / groups operations

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
  groups: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [N, H, W, C]
@group(0) @binding(2) var<storage, read> dy: array<f32>;         // [N, P, Q, K]
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;   // [R, S, C / groups, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let output_channel = index % sizes.outputChannels;
  let row = index / sizes.outputChannels;
  let members = sizes.channels / sizes.groups;
  let channel = output_channel / (sizes.outputChannels / sizes.groups) * members + row % members;
  let tap = row / members;
  // region: sum over all pixels
  let r = tap / sizes.filterWidth;
  if (r >= sizes.filterHeight) { return; }
  let down = i32(r * sizes.dilationHeight) - i32(sizes.paddingHeight);
  let across = i32(tap % sizes.filterWidth * sizes.dilationWidth) - i32(sizes.paddingWidth);

  var total = 0.0;
  for (var line = 0u; line < sizes.batch * sizes.outputHeight; line++) {
    let h = i32(line % sizes.outputHeight * sizes.strideHeight) + down;
    if (h < 0 || h >= i32(sizes.height)) { continue; }
    let x_start = (line / sizes.outputHeight * sizes.height + u32(h)) * sizes.width;
    var sum = 0.0;
    for (var q = 0u; q < sizes.outputWidth; q++) {
      let w = i32(q * sizes.strideWidth) + across;
      if (w < 0 || w >= i32(sizes.width)) { continue; }
      let value = x[(x_start + u32(w)) * sizes.channels + channel];
      sum = fma(value, dy[(line * sizes.outputWidth + q) * sizes.outputChannels + output_channel], sum);
    }
    total += sum;
  }
  dw[index] = total;
  // end region
}
