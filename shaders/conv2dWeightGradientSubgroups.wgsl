// parts[chunk, r, s, c, k] = sum over the lines (n, p) of the chunk, and over q, of
// f(x[n, p + r - paddingHeight, q + s - paddingWidth, c]) * dy[n, p, q, k], f32, C and K multiples of four, a stride
// and a dilation of 1; the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where `activated` is 1: batch norm and ReLU folded into the load;
//   scale and shift are those of the group of images that n is in.
// Added up over the chunks (sumChunks), this is the gradient of the weights. x may be a slice, the first C channels,
// of pixels that are rowStride values wide.
//
// A workgroup is one subgroup of 8 (or a part of a larger one). A lane owns four channels at TAPS neighbouring taps
// of a filter row, and computes 4 QUADS output channels of each: it walks along the lines of dy, two pixels at a time,
// with a window of TAPS + 1 pixels of x, so that a pixel is loaded once for all of them; the values of dy are loaded in
// shares and go round by shuffles. Neighbouring workgroups own neighbouring output channels, then rows of lanes, then chunks.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// lavapipe, 2 cores, 2026: the sums do not fit into registers, so that a walk by single pixels, which fetches and stores
// each of them twice as often, takes 1.5 to 1.8 times as long.
//
// launch: groups * chunks * ceil(filterHeight * ceil(filterWidth / TAPS) * channels / 32) * ceil(outputChannels / (4 * QUADS)) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

enable subgroups;

const TAPS = 3u;           // knob: neighbouring taps per lane; those beyond the filter's width are dropped
const QUADS = 3u;          // knob: groups of four output channels per workgroup, at most 4
alias X = vec4f;           // stored: x
alias Dy = vec4f;          // stored: dy

const LANES = 8u;

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
  paddingHeight: u32,
  paddingWidth: u32,
  groups: u32,           // groups of images with factors of their own, one after the other
  chunk: u32,            // lines per chunk; the last chunk of a group may have fewer
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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let inner = sizes.channels / 4u;
  let quads = sizes.outputChannels / 4u;
  let spans = (sizes.filterWidth + TAPS - 1u) / TAPS;
  let rows = sizes.filterHeight * spans * inner;
  let blocks_across = (quads + QUADS - 1u) / QUADS;
  let blocks_down = (rows + LANES - 1u) / LANES;
  let first_quad = index % blocks_across * QUADS;
  let row = index / blocks_across % blocks_down * LANES + lane;
  let chunk = index / blocks_across / blocks_down;
  let group = chunk / sizes.chunks;
  if (group >= sizes.groups) { return; }

  // Rows past the last one repeat a tap and are dropped at the store.
  let c = row % inner;
  let first_tap = row / inner % spans * TAPS;
  let r = min(row / inner / spans, sizes.filterHeight - 1u);
  let down = i32(r) - i32(sizes.paddingHeight);
  let across = i32(first_tap) - i32(sizes.paddingWidth);
  let is_cut = vec4<bool>(sizes.activated == 1u);
  var scale = vec4f(1.0);
  var shift = vec4f();
  if (sizes.activated == 1u) {
    scale = factors[2u * group * inner + c];
    shift = factors[(2u * group + 1u) * inner + c];
  }
  // Lanes 0 to 3 load the first pixel of a pair, lanes 4 to 7 the second; behind a line of an odd width zeros meet zeros.
  let dy_quad = min(first_quad + lane % 4u, quads - 1u);

  var sums: array<array<array<vec4f, 4>, QUADS>, TAPS>;
  let group_lines = sizes.batch / sizes.groups * sizes.outputHeight;
  let first_line = group * group_lines + chunk % sizes.chunks * sizes.chunk;
  let end_line = min(first_line + sizes.chunk, (group + 1u) * group_lines);
  for (var line = first_line; line < end_line; line++) {
    let h = i32(line % sizes.outputHeight) + down;
    let width = select(0u, sizes.width, u32(h) < sizes.height && row < rows);   // 0 where nothing is met
    let start = i32((line / sizes.outputHeight * sizes.height + u32(max(h, 0))) * sizes.width);
    var window: array<vec4f, TAPS + 1u>;
    var met = 0u;   // pixels of x that went through the window
    for (var q = 0u; q < sizes.outputWidth; q += 2u) {
      let pixel = q + lane / 4u;
      let found = vec4f(dy[(line * sizes.outputWidth + min(pixel, sizes.outputWidth - 1u)) * quads + dy_quad]);
      let held = select(vec4f(), found, pixel < sizes.outputWidth);
      for (; met < q + TAPS + 1u; met++) {
        let w = i32(met) + across;
        let inside = u32(w) < width;
        var value = vec4f();
        if (inside) {
          value = vec4f(x[u32(start + w) * (sizes.rowStride / 4u) + c]);
          value = fma(value, scale, shift);
          value = select(value, vec4f(), is_cut & (bitcast<vec4i>(value) <= vec4i(NEGATIVE_INFINITE)));
        }
        for (var s = 0u; s < TAPS; s++) { window[s] = window[s + 1u]; }
        window[TAPS] = value;
      }
      let whole = q + 1u < sizes.outputWidth;
      var next: array<vec4f, TAPS>;
      for (var s = 0u; s < TAPS; s++) { next[s] = select(vec4f(), window[s + 1u], whole); }
      for (var j = 0u; j < QUADS; j++) {
        var first: vec4f;
        var second: vec4f;
        for (var d = 0u; d < 4u; d++) {
          first[d] = subgroupShuffle(held[d], j);
          second[d] = subgroupShuffle(held[d], 4u + j);
        }
        for (var s = 0u; s < TAPS; s++) {
          for (var e = 0u; e < 4u; e++) {
            sums[s][j][e] = fma(vec4f(next[s][e]), second, fma(vec4f(window[s][e]), first, sums[s][j][e]));
          }
        }
      }
    }
  }

  // A loop that is not unrolled, with the sums picked by hand: a store for each would take seconds to compile.
  if (row >= rows) { return; }
  let tap = (chunk * sizes.filterHeight + r) * sizes.filterWidth + first_tap;
  let columns = min(QUADS, quads - first_quad);
  for (var n = 0u; n < min(TAPS, sizes.filterWidth - first_tap) * 4u * columns; n++) {
    let s = n / columns / 4u;
    let e = n / columns % 4u;
    let j = n % columns;
    var sum = vec4f();
    for (var t = 0u; t < TAPS; t++) {
      for (var k = 0u; k < QUADS; k++) {
        for (var d = 0u; d < 4u; d++) { sum = select(sum, sums[t][k][d], s == t && j == k && e == d); }
      }
    }
    parts[((tap + s) * sizes.channels + 4u * c + e) * quads + first_quad + j] = sum;
  }
}
