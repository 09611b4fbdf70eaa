// y[n, p, q, k] = sum over r, s, c of x[n, h, w, c] * weights[r, s, c, k], f32, K a multiple of four, any C (made for few), where
//   h = p * strideHeight + r * dilationHeight - paddingHeight, w = q * STRIDE + s - paddingWidth; the sum skips taps outside
//   the image.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 4 PIXELS neighbouring pixels of a line x 32
// neighbouring output channels, a line of the filter and a channel at a time: the lanes load the piece of a line of x
// that all its taps meet, every eighth value each, and the weights of four output channels, of which each keeps the sums for all
// pixels; the values of the piece go round by shuffles. Neighbouring workgroups own neighbouring output channels, then pixels.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// lavapipe, 2 cores, 2026: a stem of 7x7, stride 2, takes 8 loads of single values and 7 of fours for 28 pixels x 7 taps,
// 4.5 to 5 times as fast as conv2dBlocked with one channel, 2.4 times conv2dOuterProducts with three. One loop over the lines of
// the filter and the channels, for all sums are copied in every turn of an outer loop: two nested ones take 1.4 times as long.
// The function is there because a loop over more than 800 instructions is not unrolled; with 7 taps it is not for 8 PIXELS.
//
// launch: batch * outputHeight * ceil(outputWidth / (4 * PIXELS)) * ceil(outputChannels / 32) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * TAPS * channels operations

enable subgroups;

const TAPS = 7u;        // knob: width of the filter, at most 7
const STRIDE = 2u;      // knob: stride along a line
const PIXELS = 7u;      // knob: a fourth of the pixels of a workgroup

const LANES = 8u;
const RUN = 4u * PIXELS;
const LOADS = (STRIDE * (RUN - 1u) + TAPS + LANES - 1u) / LANES;

struct Sizes {
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C
  filterHeight: u32,     // R
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  outputChannels: u32,   // K
  strideHeight: u32,
  paddingHeight: u32,
  paddingWidth: u32,
  dilationHeight: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;            // [N, H, W, C]
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [R, TAPS, C, K]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // [N, P, Q, K]

// Adds the products of PIXELS pixels, from pixel `first` of the run on, with this lane's four output channels.
fn with_products(
  sums: array<vec4f, PIXELS>,
  piece: array<f32, LOADS>,
  across: array<vec4f, TAPS>,
  first: u32,
) -> array<vec4f, PIXELS> {
  var result = sums;
  for (var p = 0u; p < PIXELS; p++) {
    for (var s = 0u; s < TAPS; s++) {
      let at = STRIDE * (first + p) + s;
      result[p] = fma(vec4f(subgroupShuffle(piece[at / LANES], at % LANES)), across[s], result[p]);
    }
  }
  return result;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let quads = sizes.outputChannels / 4u;
  let blocks = (quads + LANES - 1u) / LANES;
  let runs = (sizes.outputWidth + RUN - 1u) / RUN;
  let quad = index % blocks * LANES + lane;
  let first_q = index / blocks % runs * RUN;
  let line = index / blocks / runs;
  let image = line / sizes.outputHeight;
  if (image >= sizes.batch) { return; }

  // What lies above or left of the image is huge as u32, and outside too. Channels past the edge repeat the last ones and are
  // dropped at the store.
  let own_quad = min(quad, quads - 1u);
  let top = line % sizes.outputHeight * sizes.strideHeight - sizes.paddingHeight;
  let left = first_q * STRIDE + lane - sizes.paddingWidth;

  var sums: array<array<vec4f, PIXELS>, 4>;
  let turns = sizes.filterHeight * sizes.channels;
  for (var turn = 0u; turn < turns; turn++) {
    let r = turn / sizes.channels;
    let c = turn % sizes.channels;
    let h = top + r * sizes.dilationHeight;
    let width = select(0u, sizes.width, h < sizes.height);   // 0 where nothing is met
    let start = (image * sizes.height + h) * sizes.width;
    var piece: array<f32, LOADS>;
    for (var i = 0u; i < LOADS; i++) {
      let w = left + LANES * i;
      let inside = w < width;
      piece[i] = select(0.0, x[select(0u, (start + w) * sizes.channels + c, inside)], inside);
    }
    var across: array<vec4f, TAPS>;
    for (var s = 0u; s < TAPS; s++) {
      across[s] = weights[((r * TAPS + s) * sizes.channels + c) * quads + own_quad];
    }
    sums[0] = with_products(sums[0], piece, across, 0u);
    sums[1] = with_products(sums[1], piece, across, PIXELS);
    sums[2] = with_products(sums[2], piece, across, 2u * PIXELS);
    sums[3] = with_products(sums[3], piece, across, 3u * PIXELS);
  }

  if (quad >= quads) { return; }
  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take twice as long to compile.
  let count = min(RUN, sizes.outputWidth - first_q);
  for (var n = 0u; n < count; n++) {
    var sum = vec4f();
    for (var i = 0u; i < 4u; i++) {
      for (var p = 0u; p < PIXELS; p++) { sum = select(sum, sums[i][p], n == i * PIXELS + p); }
    }
    y[(line * sizes.outputWidth + first_q + n) * quads + quad] = sum;
  }
}
