// y = A^T m A for every tile m of 4x4 products and every channel, f32, K a multiple of four, where
// A^T = [1 1 1 0; 0 1 -1 -1]: 2x2 neighbouring pixels of a convolution; those behind the edge are dropped.
//
// One invocation takes four neighbouring channels of a tile; neighbours own neighbouring channels.
//
// launch: ceil(batch * ceil(outputHeight / 2) * ceil(outputWidth / 2) * outputChannels / 4 / WIDTH) workgroups
// work: 24 * batch * ceil(outputHeight / 2) * ceil(outputWidth / 2) * outputChannels operations

const WIDTH = 64u;         // knob: invocations per workgroup

struct Sizes {
  // region: winograd sizes
  firstImage: u32,
  batch: u32,            // N, images from there on
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  outputChannels: u32,   // K
  paddingHeight: i32,    // negative where an input gradient skips the border of dy
  paddingWidth: i32,
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> products: array<vec4f>;     // [4, 4, N ceil(P / 2) ceil(Q / 2), K]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;      // [images, P, Q, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let quads = sizes.outputChannels / 4u;
  let down = (sizes.outputHeight + 1u) / 2u;
  let across = (sizes.outputWidth + 1u) / 2u;
  let quad = index % quads;
  let tile = index / quads;
  let image = tile / across / down;
  if (image >= sizes.batch) { return; }
  let count = sizes.batch * down * across * quads;

  var upper: array<vec4f, 4>;
  var lower: array<vec4f, 4>;
  for (var j = 0u; j < 4u; j++) {
    let first = products[j * count + index];
    let second = products[(4u + j) * count + index];
    let third = products[(8u + j) * count + index];
    let fourth = products[(12u + j) * count + index];
    upper[j] = first + second + third;
    lower[j] = second - third - fourth;
  }
  let p = tile / across % down * 2u;
  let q = tile % across * 2u;
  let at = ((sizes.firstImage + image) * sizes.outputHeight + p) * sizes.outputWidth + q;
  let below = at + sizes.outputWidth;
  let is_right = q + 1u < sizes.outputWidth;
  y[at * quads + quad] = upper[0] + upper[1] + upper[2];
  if (is_right) { y[(at + 1u) * quads + quad] = upper[1] - upper[2] - upper[3]; }
  if (p + 1u < sizes.outputHeight) {
    y[below * quads + quad] = lower[0] + lower[1] + lower[2];
    if (is_right) { y[(below + 1u) * quads + quad] = lower[1] - lower[2] - lower[3]; }
  }
}
