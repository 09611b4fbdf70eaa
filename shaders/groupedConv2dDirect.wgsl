// y[n, p, q, k] = sum over r, s and c < C / groups of x[n, h, w, g * C / groups + c] * weights[r, s, c, k], f32, where
//   g = floor(k / (K / groups)), the group of k,
//   h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; x is zero outside the image.
//
// One invocation computes one output; neighbouring invocations own neighbouring output channels.
//
// launch: ceil(batch * outputHeight * outputWidth * outputChannels / WIDTH) workgroups
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
@group(0) @binding(2) var<storage, read> weights: array<f32>;    // [R, S, C / groups, K]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [N, P, Q, K]

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

  let members = sizes.channels / sizes.groups;
  let first_channel = channel / (sizes.outputChannels / sizes.groups) * members;
  var sum = 0.0;
  for (var r = 0u; r < sizes.filterHeight; r++) {
    let h = top + i32(r * sizes.dilationHeight);
    if (h < 0 || h >= i32(sizes.height)) { continue; }
    for (var s = 0u; s < sizes.filterWidth; s++) {
      let w = left + i32(s * sizes.dilationWidth);
      if (w < 0 || w >= i32(sizes.width)) { continue; }
      let x_start = ((image * sizes.height + u32(h)) * sizes.width + u32(w)) * sizes.channels + first_channel;
      let weights_start = (r * sizes.filterWidth + s) * members * sizes.outputChannels + channel;
      for (var c = 0u; c < members; c++) {
        sum = fma(x[x_start + c], weights[weights_start + c * sizes.outputChannels], sum);
      }
    }
  }
  y[index] = sum;
}
