// dx[n, h, w, c] = sum over r, s, k of dy[n, p, q, k] * weights[r, s, c, k], f32, C a multiple of four, over the output
// pixels (p, q) that read pixel (h, w) through tap (r, s):
//   p * strideHeight = h + paddingHeight - r * dilationHeight, q likewise.
//
// One invocation computes PIXELS neighbouring pixels (of all images in a row) x 4 QUADS neighbouring channels in
// registers. Which pixel of dy a tap meets is worked out once per tap. The weights are read as the forward pass has
// them. Neighbouring invocations own neighbouring channels, then pixels.
//
// lavapipe, 2 cores, 2026: dy and the weights in vectors along k would be 15 % faster, and take three times as long to
// compile (four seconds).
//
// launch: ceil(ceil(batch * height * width / PIXELS) * ceil(channels / (4 * QUADS)) / WIDTH) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

const PIXELS = 8u;         // knob: pixels per invocation
const QUADS = 4u;          // knob: groups of four channels per invocation
const STRIDED = false;     // knob: whether a tap may meet no pixel of dy; false is faster and takes strides of 1
const WIDTH = 64u;         // knob: invocations per workgroup
alias Dy = f32;            // stored: dy
alias Dx = vec4f;          // stored: dx

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

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> dy: array<Dy>;             // [N, P, Q, K]
@group(0) @binding(2) var<storage, read> weights: array<f32>;       // [R, S, C, K]
@group(0) @binding(3) var<storage, read_write> dx: array<Dx>;       // [N, H, W, C]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let quads = sizes.channels / 4u;
  let blocks = (quads + QUADS - 1u) / QUADS;
  let pixels = sizes.batch * sizes.height * sizes.width;
  let first_quad = index % blocks * QUADS;
  let first_pixel = index / blocks * PIXELS;
  if (first_pixel >= pixels) { return; }

  // Pixels and channels past the edge read the last one and are dropped at the store.
  var row: array<u32, QUADS>;
  for (var j = 0u; j < QUADS; j++) { row[j] = min(first_quad + j, quads - 1u) * 4u * sizes.outputChannels; }
  var bottom: array<i32, PIXELS>;
  var right: array<i32, PIXELS>;
  var image: array<u32, PIXELS>;
  for (var i = 0u; i < PIXELS; i++) {
    let pixel = min(first_pixel + i, pixels - 1u);
    let line = pixel / sizes.width;
    bottom[i] = i32(line % sizes.height + sizes.paddingHeight);
    right[i] = i32(pixel % sizes.width + sizes.paddingWidth);
    image[i] = line / sizes.height * sizes.outputHeight;
  }

  var sums: array<array<vec4f, QUADS>, PIXELS>;
  for (var r = 0u; r < sizes.filterHeight; r++) {
    for (var s = 0u; s < sizes.filterWidth; s++) {
      var start: array<u32, PIXELS>;
      var inside: array<bool, PIXELS>;
      for (var i = 0u; i < PIXELS; i++) {
        var p = bottom[i] - i32(r * sizes.dilationHeight);
        var q = right[i] - i32(s * sizes.dilationWidth);
        var meets = p >= 0 && q >= 0;
        if (STRIDED) {
          meets = meets && p % i32(sizes.strideHeight) == 0 && q % i32(sizes.strideWidth) == 0;
          p /= i32(sizes.strideHeight);
          q /= i32(sizes.strideWidth);
        }
        inside[i] = meets && p < i32(sizes.outputHeight) && q < i32(sizes.outputWidth);
        start[i] = select(0u, ((image[i] + u32(p)) * sizes.outputWidth + u32(q)) * sizes.outputChannels, inside[i]);
      }

      let tap = (r * sizes.filterWidth + s) * sizes.channels * sizes.outputChannels;
      for (var k = 0u; k < sizes.outputChannels; k++) {
        var across: array<vec4f, QUADS>;
        for (var j = 0u; j < QUADS; j++) {
          for (var d = 0u; d < 4u; d++) { across[j][d] = weights[tap + row[j] + d * sizes.outputChannels + k]; }
        }
        for (var i = 0u; i < PIXELS; i++) {
          let value = vec4f(select(0.0, f32(dy[start[i] + k]), inside[i]));
          for (var j = 0u; j < QUADS; j++) { sums[i][j] = fma(value, across[j], sums[i][j]); }
        }
      }
    }
  }

  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  for (var pixel = first_pixel; pixel < min(first_pixel + PIXELS, pixels); pixel++) {
    for (var j = 0u; j < QUADS; j++) {
      var sum = sums[0][j];
      for (var i = 1u; i < PIXELS; i++) { sum = select(sum, sums[i][j], pixel == first_pixel + i); }
      if (first_quad + j < quads) { dx[pixel * quads + first_quad + j] = Dx(sum); }
    }
  }
}
