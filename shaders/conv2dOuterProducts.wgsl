// y[n, p, q, k] = sum over r, s, c of f(x[n, p * strideHeight + r * dilationHeight - paddingHeight, .., c]) *
//   weights[r, s, c, k], f32, C and K multiples of four; the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where `activated` is 1: batch norm and ReLU folded into the load;
//   scale and shift are those of the group of images that n is in.
// Where TURNED is set the weights are [R, S, K, C] and lie turned by half a turn: the input gradient, with dy as x.
// x may be a slice, the first C channels, of pixels rowStride wide.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 32 neighbouring pixels (of all images in a
// row) x 32 neighbouring output channels as outer products, tap by tap and four channels at a time: a lane loads four
// pixels, every eighth one, and the weights of four output channels, of which it keeps the sums for all pixels; the
// values of the pixels go round by shuffles. Neighbouring workgroups own neighbouring output channels.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// lavapipe, 2 cores, 2026: a vector is loaded lane by lane, 300 instructions, which 32 x 32 sums share better than
// fewer: 1.3 times 16 pixels. What bounds them is the code of a turn of the inner loop, 27 KB: that for 40 pixels no longer
// fits into the 32 KB that a core keeps at hand, and takes longer for each, and so do loads in a loop of their own. Loads
// come first, for code between those that branch lets the driver copy all sums from place to place. The function is there
// because a loop over more than 800 instructions is not unrolled.
//
// launch: groups * ceil(batch * outputHeight * outputWidth / groups / 32) * ceil(outputChannels / 32) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

enable subgroups;

const TURNED = false;      // knob: whether this is the input gradient of the filter
alias X = vec4f;           // stored: x
alias Y = vec4f;           // stored: y

const LANES = 8u;
const LOADS = 4u;          // pixels per lane
const ROWS = LANES * LOADS;

// ReLU by bits, so that NaN stays NaN: those of all numbers below 0 are at most these, of -infinity, and those of NaN more.
const NEGATIVE_INFINITE = -0x00800000;
const LEAST = -0x80000000;     // of -0 alone
const MOST = 0x7fffffff;       // at least those of everything

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
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: i32,    // negative where an input gradient skips the border of dy
  paddingWidth: i32,
  dilationHeight: u32,
  dilationWidth: u32,
  groups: u32,           // groups of images with factors of their own, one after the other: no workgroup straddles two
  activated: u32,        // 1 where x is scaled, shifted and cut off at zero; else factors is never read
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// region: convolution operands
@group(0) @binding(1) var<storage, read> x: array<X>;              // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [R, S, C, K], or [R, S, K, C] where TURNED
@group(0) @binding(3) var<storage, read> factors: array<f32>;      // [groups, 2, C], scale and shift
// end region
@group(0) @binding(4) var<storage, read_write> y: array<Y>;        // [N, P, Q, K]

// region: products of eight pixels
// Adds the products of eight pixels, one in each lane, with this lane's four output channels.
fn add_products(sums: ptr<function, array<vec4f, LANES>>, pixel: vec4f, across: mat4x4f) {
  for (var r = 0u; r < LANES; r++) {
    for (var k = 0u; k < 4u; k++) {
      sums[r] = fma(vec4f(subgroupShuffle(pixel[k], r)), across[k], sums[r]);
    }
  }
}
// end region

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let inner = sizes.channels / 4u;
  let quads = sizes.outputChannels / 4u;
  let blocks = (quads + LANES - 1u) / LANES;
  let group_pixels = sizes.batch / sizes.groups * sizes.outputHeight * sizes.outputWidth;
  let runs = (group_pixels + ROWS - 1u) / ROWS;      // of a group
  let quad = index % blocks * LANES + lane;
  let group = index / blocks / runs;
  if (group >= sizes.groups) { return; }
  let first_pixel = group * group_pixels + index / blocks % runs * ROWS;
  let pixels = (group + 1u) * group_pixels;          // where the group ends

  // Where the first tap meets this lane's pixels. Pixels and channels past the edge repeat the last one and are dropped
  // at the store.
  var image: array<u32, LOADS>;
  var top: array<u32, LOADS>;
  var left: array<u32, LOADS>;
  for (var i = 0u; i < LOADS; i++) {
    let pixel = min(first_pixel + LANES * i + lane, pixels - 1u);
    let line = pixel / sizes.outputWidth;
    image[i] = line / sizes.outputHeight * sizes.height;
    top[i] = line % sizes.outputHeight * sizes.strideHeight - u32(sizes.paddingHeight);
    left[i] = pixel % sizes.outputWidth * sizes.strideWidth - u32(sizes.paddingWidth);
  }
  let own_quad = min(quad, quads - 1u);
  let taps = sizes.filterHeight * sizes.filterWidth;
  // To the next of four vectors, and to the next four.
  let next = select(quads, inner, TURNED);
  let step = select(4u * quads, 1u, TURNED);
  let cut = select(LEAST, NEGATIVE_INFINITE, sizes.activated == 1u);

  var sums0: array<vec4f, LANES>;
  var sums1: array<vec4f, LANES>;
  var sums2: array<vec4f, LANES>;
  var sums3: array<vec4f, LANES>;
  for (var tap = 0u; tap < taps; tap++) {
    // What has at most the bits of its limit becomes zero: outside the image everything.
    var x_at: array<u32, LOADS>;
    var limit: array<i32, LOADS>;
    for (var i = 0u; i < LOADS; i++) {
      let h = top[i] + tap / sizes.filterWidth * sizes.dilationHeight;
      let w = left[i] + tap % sizes.filterWidth * sizes.dilationWidth;
      let inside = h < sizes.height && w < sizes.width;
      x_at[i] = select(0u, ((image[i] + h) * sizes.width + w) * (sizes.rowStride / 4u), inside);
      limit[i] = select(MOST, cut, inside);
    }
    var weights_at = tap * sizes.channels * quads + own_quad;
    if (TURNED) { weights_at = ((taps - 1u - tap) * sizes.outputChannels + 4u * own_quad) * inner; }
    for (var c = 0u; c < inner; c++) {
      // region: factors of four channels
      var scale = vec4f(1.0);
      var shift = vec4f();
      if (sizes.activated == 1u) {
        let factor = factors[(2u * group + lane / 4u) * sizes.channels + 4u * c + lane % 4u];
        for (var e = 0u; e < 4u; e++) {
          scale[e] = subgroupShuffle(factor, e);
          shift[e] = subgroupShuffle(factor, 4u + e);
        }
      }
      // end region
      var down: array<vec4f, LOADS>;
      for (var i = 0u; i < LOADS; i++) {
        let value = fma(vec4f(x[x_at[i] + c]), scale, shift);
        down[i] = select(value, vec4f(), bitcast<vec4i>(value) <= vec4i(limit[i]));
      }
      var across: mat4x4f;
      for (var k = 0u; k < 4u; k++) { across[k] = weights[weights_at + k * next + c * step]; }
      if (TURNED) { across = transpose(across); }
      // region: products of all pixels
      add_products(&sums0, down[0], across);
      add_products(&sums1, down[1], across);
      add_products(&sums2, down[2], across);
      add_products(&sums3, down[3], across);
      // end region
    }
  }

  // region: sums of all pixels
  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  let end = min(first_pixel + ROWS, pixels);
  for (var r = 0u; r < LANES; r++) {
    var picked: array<vec4f, LOADS>;
    for (var k = 0u; k < LANES; k++) {
      picked[0] = select(picked[0], sums0[k], r == k);
      picked[1] = select(picked[1], sums1[k], r == k);
      picked[2] = select(picked[2], sums2[k], r == k);
      picked[3] = select(picked[3], sums3[k], r == k);
    }
    for (var pixel = first_pixel + r; pixel < end; pixel += LANES) {
      var sum = vec4f();
      for (var i = 0u; i < LOADS; i++) { sum = select(sum, picked[i], pixel == first_pixel + LANES * i + r); }
      if (quad < quads) { y[pixel * quads + quad] = Y(sum); }
    }
  }
  // end region
}
