// parts[chunk, (r, s, c), k] = sum over the lines (n, p) of the chunk, and over q, of
// f(x[n, h, w, c]) * dy[n, p, q, k], f32, K a multiple of four, where
//   h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where ACTIVATED is set: batch norm and ReLU folded into the load;
//   scale and shift are those of the group of images that n is in.
// Added up over the chunks (sumChunks), this is the gradient of the weights. x may be a slice, the first C channels,
// of pixels that are rowStride values wide.
//
// The gradient is a matrix of R S C rows and K columns. One invocation computes ROWS x 4 QUADS of it in registers
// from one chunk: each loaded value of x is used 4 QUADS times, each of dy ROWS times. Neighbouring invocations own
// neighbouring columns, then rows, then chunks.
//
// launch: ceil(groups * chunks * ceil(filterHeight * filterWidth * channels / ROWS) * ceil(outputChannels / (4 * QUADS)) / WIDTH) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

const ROWS = 8u;           // knob: rows of the gradient per invocation
const QUADS = 4u;          // knob: groups of four output channels per invocation
const ACTIVATED = false;   // knob: whether x is scaled, shifted and cut off at zero; without it factors is never read
const WIDTH = 64u;         // knob: invocations per workgroup
alias X = f32;             // stored: x
alias Dy = vec4f;          // stored: dy

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
  chunk: u32,            // lines per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;                  // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> dy: array<Dy>;                // [N, P, Q, K]
@group(0) @binding(3) var<storage, read> factors: array<f32>;          // [groups, 2, C], scale and shift
@group(0) @binding(4) var<storage, read_write> parts: array<vec4f>;    // [groups chunks, R S C, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let quads = sizes.outputChannels / 4u;
  let rows = sizes.filterHeight * sizes.filterWidth * sizes.channels;
  let blocks_across = (quads + QUADS - 1u) / QUADS;
  let blocks_down = (rows + ROWS - 1u) / ROWS;
  let first_quad = index % blocks_across * QUADS;
  let first_row = index / blocks_across % blocks_down * ROWS;
  let chunk = index / blocks_across / blocks_down;
  let group = chunk / sizes.chunks;
  if (group >= sizes.groups) { return; }

  // Rows and columns past the edge read the last one and are dropped at the store.
  var quad: array<u32, QUADS>;
  for (var j = 0u; j < QUADS; j++) { quad[j] = min(first_quad + j, quads - 1u); }
  var down: array<i32, ROWS>;
  var across: array<i32, ROWS>;
  var channel: array<u32, ROWS>;
  var scale: array<f32, ROWS>;
  var shift: array<f32, ROWS>;
  for (var i = 0u; i < ROWS; i++) {
    let row = min(first_row + i, rows - 1u);
    let tap = row / sizes.channels;
    channel[i] = row % sizes.channels;
    if (ACTIVATED) {
      scale[i] = factors[2u * group * sizes.channels + channel[i]];
      shift[i] = factors[(2u * group + 1u) * sizes.channels + channel[i]];
    }
    down[i] = i32(tap / sizes.filterWidth * sizes.dilationHeight) - i32(sizes.paddingHeight);
    across[i] = i32(tap % sizes.filterWidth * sizes.dilationWidth) - i32(sizes.paddingWidth);
  }

  var sums: array<array<vec4f, QUADS>, ROWS>;
  let group_lines = sizes.batch / sizes.groups * sizes.outputHeight;
  let first_line = group * group_lines + chunk % sizes.chunks * sizes.chunk;
  let end_line = min(first_line + sizes.chunk, (group + 1u) * group_lines);
  for (var line = first_line; line < end_line; line++) {
    let image = line / sizes.outputHeight * sizes.height;
    let top = i32(line % sizes.outputHeight * sizes.strideHeight);
    var start: array<u32, ROWS>;
    var width: array<u32, ROWS>;   // 0 where the line lies outside the image
    for (var i = 0u; i < ROWS; i++) {
      let h = top + down[i];
      let inside = h >= 0 && h < i32(sizes.height);
      start[i] = select(0u, (image + u32(h)) * sizes.width * sizes.rowStride + channel[i], inside);
      width[i] = select(0u, sizes.width, inside);
    }

    var dy_at = line * sizes.outputWidth * quads;
    for (var q = 0u; q < sizes.outputWidth; q++) {
      var columns: array<vec4f, QUADS>;
      for (var j = 0u; j < QUADS; j++) { columns[j] = vec4f(dy[dy_at + quad[j]]); }
      for (var i = 0u; i < ROWS; i++) {
        // Left of the image w is huge as u32, and outside too.
        let w = u32(i32(q * sizes.strideWidth) + across[i]);
        let inside = w < width[i];
        var value = f32(x[select(0u, start[i] + w * sizes.rowStride, inside)]);
        if (ACTIVATED) {
          value = fma(value, scale[i], shift[i]);
          value = select(value, 0.0, bitcast<i32>(value) <= NEGATIVE_INFINITE);
        }
        value = select(0.0, value, inside);
        for (var j = 0u; j < QUADS; j++) { sums[i][j] = fma(vec4f(value), columns[j], sums[i][j]); }
      }
      dy_at += quads;
    }
  }

  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  for (var row = first_row; row < min(first_row + ROWS, rows); row++) {
    for (var j = 0u; j < QUADS; j++) {
      var sum = sums[0][j];
      for (var i = 1u; i < ROWS; i++) { sum = select(sum, sums[i][j], row == first_row + i); }
      if (first_quad + j < quads) { parts[(chunk * rows + row) * quads + first_quad + j] = sum; }
    }
  }
}
