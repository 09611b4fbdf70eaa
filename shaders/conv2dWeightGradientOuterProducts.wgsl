// parts[chunk, r, s, c, k] = sum over the pixels (n, p, q) of the chunk of
// f(x[n, p * strideHeight + r * dilationHeight - paddingHeight, .., c]) * dy[n, p, q, k], f32, C and K multiples of four;
// the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where `activated` is 1: batch norm and ReLU folded into the load;
//   scale and shift are those of the group of images that n is in.
// Added up over the chunks (sumChunks), this is the gradient of the weights. x may be a slice, the first C channels,
// of pixels that are rowStride values wide.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 32 rows (four channels of x at a tap for each
// lane) x 32 neighbouring output channels as outer products, along the lines of dy and four pixels at a time: a lane
// loads its channels of x and four output channels of dy, of which it keeps the sums for all rows; the values of x go
// round by shuffles. Neighbouring workgroups own neighbouring output channels, then rows of lanes, then chunks.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// lavapipe, 2 cores, 2026: for a filter of one tap 1.6 times conv2dWeightGradientSubgroups, for 3 x 3 taps 0.85 times it. What
// conv2dOuterProducts says of 32 x 32 sums holds here too.
//
// launch: groups * chunks * ceil(filterHeight * filterWidth * channels / 32) * ceil(outputChannels / 32) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

enable subgroups;

alias X = vec4f;           // stored: x
alias Dy = vec4f;          // stored: dy

const LANES = 8u;

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
  // region: convolution steps
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: u32,
  paddingWidth: u32,
  dilationHeight: u32,
  dilationWidth: u32,
  // end region
  groups: u32,           // groups of images with factors of their own, one after the other
  chunk: u32,            // pixels of dy per chunk; the last chunk of a group may have fewer
  // region: weight gradient operands
  chunks: u32,           // chunks of a group
  activated: u32,        // 1 where x is scaled, shifted and cut off at zero; else factors is never read
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;                  // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> dy: array<Dy>;                // [N, P, Q, K]
@group(0) @binding(3) var<storage, read> factors: array<vec4f>;        // [groups, 2, C], scale and shift
@group(0) @binding(4) var<storage, read_write> parts: array<vec4f>;    // [groups chunks, R, S, C, K]
  // end region

// Adds the products of the rows of two lanes, from lane `first` on, with this lane's four output channels, over four pixels.
fn add_products(
  sums: ptr<function, array<vec4f, LANES>>,
  down: array<vec4f, 4>,
  across: array<vec4f, 4>,
  first: u32,
) {
  for (var r = 0u; r < LANES; r++) {
    for (var i = 0u; i < 4u; i++) {
      sums[r] = fma(vec4f(subgroupShuffle(down[i][r % 4u], first + r / 4u)), across[i], sums[r]);
    }
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let inner = sizes.channels / 4u;
  let quads = sizes.outputChannels / 4u;
  let row_quads = sizes.filterHeight * sizes.filterWidth * inner;
  let blocks_across = (quads + LANES - 1u) / LANES;
  let blocks_down = (row_quads + LANES - 1u) / LANES;
  let quad = index % blocks_across * LANES + lane;
  let first_row_quad = index / blocks_across % blocks_down * LANES;
  let chunk = index / blocks_across / blocks_down;
  let group = chunk / sizes.chunks;
  if (group >= sizes.groups) { return; }

  // Rows and channels past the edge repeat the last ones and are dropped at the store.
  let row_quad = min(first_row_quad + lane, row_quads - 1u);
  let c = row_quad % inner;
  let tap = row_quad / inner;
  let down_by = tap / sizes.filterWidth * sizes.dilationHeight - sizes.paddingHeight;
  let right_by = tap % sizes.filterWidth * sizes.dilationWidth - sizes.paddingWidth;
  let own_quad = min(quad, quads - 1u);
  var scale = vec4f(1.0);
  var shift = vec4f();
  var cut = LEAST;
  if (sizes.activated == 1u) {
    scale = factors[2u * group * inner + c];
    shift = factors[(2u * group + 1u) * inner + c];
    cut = NEGATIVE_INFINITE;
  }

  var sums0: array<vec4f, LANES>;
  var sums1: array<vec4f, LANES>;
  var sums2: array<vec4f, LANES>;
  var sums3: array<vec4f, LANES>;
  let group_pixels = sizes.batch / sizes.groups * sizes.outputHeight * sizes.outputWidth;
  var pixel = group * group_pixels + chunk % sizes.chunks * sizes.chunk;
  let end = min(pixel + sizes.chunk, (group + 1u) * group_pixels);
  while (pixel < end) {
    let line = pixel / sizes.outputWidth;
    let line_start = line * sizes.outputWidth;
    let line_end = min(end, line_start + sizes.outputWidth);
    let h = line % sizes.outputHeight * sizes.strideHeight + down_by;
    let x_start = (line / sizes.outputHeight * sizes.height + h) * sizes.width;
    let width = select(0u, sizes.width, h < sizes.height);   // 0 where nothing is met
    for (; pixel < line_end; pixel += 4u) {
      // Behind the end of a line zeros meet zeros; what has at most the bits of its limit becomes zero.
      var down: array<vec4f, 4>;
      for (var i = 0u; i < 4u; i++) {
        let w = (pixel + i - line_start) * sizes.strideWidth + right_by;
        let inside = w < width && pixel + i < line_end;
        let value = fma(vec4f(x[select(0u, (x_start + w) * (sizes.rowStride / 4u), inside) + c]), scale, shift);
        down[i] = select(value, vec4f(), bitcast<vec4i>(value) <= vec4i(select(MOST, cut, inside)));
      }
      var across: array<vec4f, 4>;
      for (var i = 0u; i < 4u; i++) {
        let found = vec4f(dy[min(pixel + i, line_end - 1u) * quads + own_quad]);
        across[i] = select(vec4f(), found, pixel + i < line_end);
      }
      add_products(&sums0, down, across, 0u);
      add_products(&sums1, down, across, 2u);
      add_products(&sums2, down, across, 4u);
      add_products(&sums3, down, across, 6u);
    }
    pixel = line_end;
  }

  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  let first_row = 4u * first_row_quad;
  let end_row = min(first_row + 4u * LANES, 4u * row_quads);
  for (var r = 0u; r < LANES; r++) {
    var picked: array<vec4f, 4>;
    for (var k = 0u; k < LANES; k++) {
      picked[0] = select(picked[0], sums0[k], r == k);
      picked[1] = select(picked[1], sums1[k], r == k);
      picked[2] = select(picked[2], sums2[k], r == k);
      picked[3] = select(picked[3], sums3[k], r == k);
    }
    for (var row = first_row + r; row < end_row; row += LANES) {
      var sum = vec4f();
      for (var i = 0u; i < 4u; i++) { sum = select(sum, picked[i], row == first_row + LANES * i + r); }
      if (quad < quads) { parts[(4u * chunk * row_quads + row) * quads + quad] = sum; }
    }
  }
}
