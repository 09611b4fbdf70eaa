// y[n, p, q, k] = sum over r, s, c of f(x[n, h, w, c]) * weights[r, s, c, k], f32, K a multiple of four, where
//   h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where ACTIVATED is set: batch norm and ReLU folded into the load.
//   scale and shift are those of the group of images that n is in.
//
// x may be a slice, the first C channels, of pixels that are rowStride values wide.
//
// One invocation computes PIXELS neighbouring pixels (of all images of a group in a row) x 4 QUADS neighbouring output channels
// in registers: each loaded value of x is used 4 QUADS times, each of the weights PIXELS times. Where a tap meets a
// pixel is worked out once per tap, not per channel. Neighbouring invocations own neighbouring output channels, then
// pixels.
//
// lavapipe, 2 cores, 2026: a load costs 10 to 20 times a multiplication, and more than a dozen in the innermost loop
// cost more each, for every one is a kilobyte of code; x is read one channel at a time for that reason. 5 to 10
// GFLOP/s where one invocation per output reaches 1.
//
// launch: ceil(groups * ceil(batch * outputHeight * outputWidth / groups / PIXELS) * ceil(outputChannels / (4 * QUADS)) / WIDTH) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

const PIXELS = 8u;         // knob: pixels per invocation
const QUADS = 4u;          // knob: groups of four output channels per invocation
const ACTIVATED = false;   // knob: whether x is scaled, shifted and cut off at zero; without it factors is never read
const WIDTH = 64u;         // knob: invocations per workgroup
alias X = f32;             // stored: x
alias Y = vec4f;           // stored: y

// ReLU by bits, so that NaN stays NaN: those of all numbers below 0 are at most these, of -infinity, and those of NaN more.
const NEGATIVE_INFINITE = -0x00800000;

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
  rowStride: u32,        // values from one pixel of x to the next, at least C
  // region: convolution steps
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: u32,
  paddingWidth: u32,
  dilationHeight: u32,
  dilationWidth: u32,
  // end region
  groups: u32,           // groups of images with factors of their own, one after the other
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;              // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [R, S, C, K]
@group(0) @binding(3) var<storage, read> factors: array<f32>;      // [groups, 2, C], scale and shift
@group(0) @binding(4) var<storage, read_write> y: array<Y>;        // [N, P, Q, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let quads = sizes.outputChannels / 4u;
  let blocks = (quads + QUADS - 1u) / QUADS;
  let group_pixels = sizes.batch / sizes.groups * sizes.outputHeight * sizes.outputWidth;
  let runs = (group_pixels + PIXELS - 1u) / PIXELS;   // of a group
  let first_quad = index % blocks * QUADS;
  let group = index / blocks / runs;
  if (group >= sizes.groups) { return; }
  let first_pixel = group * group_pixels + index / blocks % runs * PIXELS;
  let pixels = (group + 1u) * group_pixels;           // where the group ends
  let factors_of = 2u * group * sizes.channels;

  // Pixels and channels past the edge read the last one and are dropped at the store.
  var quad: array<u32, QUADS>;
  for (var j = 0u; j < QUADS; j++) { quad[j] = min(first_quad + j, quads - 1u); }
  var top: array<i32, PIXELS>;
  var left: array<i32, PIXELS>;
  var image: array<u32, PIXELS>;
  for (var i = 0u; i < PIXELS; i++) {
    let pixel = min(first_pixel + i, pixels - 1u);
    let line = pixel / sizes.outputWidth;
    top[i] = i32(line % sizes.outputHeight * sizes.strideHeight) - i32(sizes.paddingHeight);
    left[i] = i32(pixel % sizes.outputWidth * sizes.strideWidth) - i32(sizes.paddingWidth);
    image[i] = line / sizes.outputHeight * sizes.height;
  }

  var sums: array<array<vec4f, QUADS>, PIXELS>;
  for (var r = 0u; r < sizes.filterHeight; r++) {
    for (var s = 0u; s < sizes.filterWidth; s++) {
      var start: array<u32, PIXELS>;
      var inside: array<bool, PIXELS>;
      for (var i = 0u; i < PIXELS; i++) {
        let h = top[i] + i32(r * sizes.dilationHeight);
        let w = left[i] + i32(s * sizes.dilationWidth);
        inside[i] = h >= 0 && w >= 0 && h < i32(sizes.height) && w < i32(sizes.width);
        start[i] = select(0u, ((image[i] + u32(h)) * sizes.width + u32(w)) * sizes.rowStride, inside[i]);
      }

      var weights_at = (r * sizes.filterWidth + s) * sizes.channels * quads;
      for (var c = 0u; c < sizes.channels; c++) {
        var across: array<vec4f, QUADS>;
        for (var j = 0u; j < QUADS; j++) { across[j] = weights[weights_at + quad[j]]; }
        var scale = 1.0;
        var shift = 0.0;
        if (ACTIVATED) {
          scale = factors[factors_of + c];
          shift = factors[factors_of + sizes.channels + c];
        }
        for (var i = 0u; i < PIXELS; i++) {
          var value = f32(x[start[i] + c]);
          if (ACTIVATED) {
            value = fma(value, scale, shift);
            value = select(value, 0.0, bitcast<i32>(value) <= NEGATIVE_INFINITE);
          }
          value = select(0.0, value, inside[i]);
          for (var j = 0u; j < QUADS; j++) { sums[i][j] = fma(vec4f(value), across[j], sums[i][j]); }
        }
        weights_at += quads;
      }
    }
  }

  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  for (var pixel = first_pixel; pixel < min(first_pixel + PIXELS, pixels); pixel++) {
    for (var j = 0u; j < QUADS; j++) {
      var sum = sums[0][j];
      for (var i = 1u; i < PIXELS; i++) { sum = select(sum, sums[i][j], pixel == first_pixel + i); }
      if (first_quad + j < quads) { y[pixel * quads + first_quad + j] = Y(sum); }
    }
  }
}
