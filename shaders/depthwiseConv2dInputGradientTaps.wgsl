// dx[n, h, w, c] = sum over r, s of dy[n, p, q, c] * weights[r, s, c], f32, over the output pixels (p, q) that read pixel
// (h, w) through tap (r, s):
//   p * strideHeight = h + paddingHeight - r * dilationHeight, q likewise.
// A depthwise convolution with as many channels as output channels, of any stride and dilation.
//
// One invocation computes one pixel of one channel (or of four neighbouring ones); neighbouring invocations own neighbouring
// channels, so loads coalesce.
//
// launch: ceil(batch * height * width * channels / WIDTH) workgroups
// work: 2 * batch * outputHeight * outputWidth * channels * filterHeight * filterWidth * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
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
@group(0) @binding(1) var<storage, read> dy: array<Element>;         // [N, P, Q, C]
@group(0) @binding(2) var<storage, read> weights: array<Element>;    // [R, S, C]
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;   // [N, H, W, C]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: input pixel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let pixel = index / sizes.channels;
  let line = pixel / sizes.width;
  let image = line / sizes.height;
  if (image >= sizes.batch) { return; }
  let bottom = line % sizes.height + sizes.paddingHeight;
  let right = pixel % sizes.width + sizes.paddingWidth;
  // end region

  var sum = Element();
  // region: output pixels that read it
  for (var r = 0u; r < sizes.filterHeight; r++) {
    let above = r * sizes.dilationHeight;
    if (bottom < above || (bottom - above) % sizes.strideHeight != 0u) { continue; }
    let p = (bottom - above) / sizes.strideHeight;
    if (p >= sizes.outputHeight) { continue; }
    for (var s = 0u; s < sizes.filterWidth; s++) {
      let before = s * sizes.dilationWidth;
      if (right < before || (right - before) % sizes.strideWidth != 0u) { continue; }
      let q = (right - before) / sizes.strideWidth;
      if (q >= sizes.outputWidth) { continue; }
      // end region
      let at = ((image * sizes.outputHeight + p) * sizes.outputWidth + q) * sizes.channels + channel;
      sum = fma(dy[at], weights[(r * sizes.filterWidth + s) * sizes.channels + channel], sum);
    }
  }
  dx[index] = sum;
}
