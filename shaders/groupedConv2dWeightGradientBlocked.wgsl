// parts[part, r, s, c, k] = sum over the part's pixels (n, p, q) of x[n, h, w, g * C / groups + c] * dy[n, p, q, k], f32,
//   where g is the group of k, h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; x is zero outside the
//   image. C / groups and K / groups are multiples of four. The sum over the parts is the weight gradient: sumChunks.
//
// A part is `lines` lines of dy. One invocation adds up a part for one filter row, 4 neighbouring channels of x and 4 of dy
// in registers, COLUMNS pixels at a time: a loaded value of x is used for all taps of the row, one of dy for these, and each
// for 4 channels. Neighbouring invocations own neighbouring output channels, so loads coalesce.
//
// launch: ceil(ceil(batch * outputHeight / lines) * filterHeight * memberQuads * outputQuads / WIDTH) workgroups
// work: 32 * batch * outputHeight * outputWidth * outputQuads * filterHeight * FILTER_WIDTH * memberQuads operations

const FILTER_WIDTH = 3u;       // knob: S
const STRIDE_WIDTH = 1u;       // knob: distance of neighbouring windows along a line
const DILATION_WIDTH = 1u;     // knob: distance of neighbouring taps along a line
const COLUMNS = 4u;            // knob: pixels at a time
const WIDTH = 64u;             // knob: invocations per workgroup

// Pixels of a line of x that a line of the block meets.
const SPAN = (COLUMNS - 1u) * STRIDE_WIDTH + (FILTER_WIDTH - 1u) * DILATION_WIDTH + 1u;

struct Sizes {
  // region: grouped sizes
  batch: u32,              // N
  height: u32,             // H
  width: u32,              // W
  quads: u32,              // C / 4
  memberQuads: u32,        // C / groups / 4
  outputHeight: u32,       // P
  outputWidth: u32,        // Q
  outputQuads: u32,        // K / 4
  outputMemberQuads: u32,  // K / groups / 4
  filterHeight: u32,       // R
  strideHeight: u32,
  dilationHeight: u32,
  paddingHeight: i32,      // below 0 where a gradient's filter does not reach over the edge
  paddingWidth: i32,
  // end region
  lines: u32,              // lines of dy in a part
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;             // [N, H, W, C]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;            // [N, P, Q, K]
@group(0) @binding(3) var<storage, read_write> parts: array<vec4f>;   // [parts, R, S, C / groups, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let quad = index % sizes.outputQuads;
  let c = index / sizes.outputQuads % sizes.memberQuads;
  let r = index / sizes.outputQuads / sizes.memberQuads % sizes.filterHeight;
  let part = index / sizes.outputQuads / sizes.memberQuads / sizes.filterHeight;
  let first_line = part * sizes.lines;
  let end_line = min(first_line + sizes.lines, sizes.batch * sizes.outputHeight);
  if (first_line >= end_line) { return; }
  let first_quad = quad / sizes.outputMemberQuads * sizes.memberQuads + c;

  var sums: array<array<vec4f, 4>, FILTER_WIDTH>;
  for (var line = first_line; line < end_line; line++) {
    let image = line / sizes.outputHeight;
    let h = i32(line % sizes.outputHeight * sizes.strideHeight + r * sizes.dilationHeight) - sizes.paddingHeight;
    if (h < 0 || h >= i32(sizes.height)) { continue; }
    let start = (image * sizes.height + u32(h)) * sizes.width * sizes.quads;
    for (var first_q = 0u; first_q < sizes.outputWidth; first_q += COLUMNS) {
      // region: columns that a block meets
      // What lies left or right of the image is loaded from its edge and taken for zero.
      let left = i32(first_q * STRIDE_WIDTH) - sizes.paddingWidth;
      var inside: array<bool, SPAN>;
      var column: array<u32, SPAN>;
      for (var j = 0u; j < SPAN; j++) {
        let w = left + i32(j);
        inside[j] = w >= 0 && w < i32(sizes.width);
        column[j] = u32(clamp(w, 0, i32(sizes.width) - 1)) * sizes.quads + first_quad;
      }
      // end region
      var values: array<vec4f, SPAN>;
      for (var j = 0u; j < SPAN; j++) { values[j] = select(vec4f(), x[start + column[j]], inside[j]); }
      for (var j = 0u; j < COLUMNS; j++) {
        let q = min(first_q + j, sizes.outputWidth - 1u);
        let loaded = dy[(line * sizes.outputWidth + q) * sizes.outputQuads + quad];
        let gradient = select(vec4f(), loaded, first_q + j < sizes.outputWidth);
        for (var s = 0u; s < FILTER_WIDTH; s++) {
          let value = values[j * STRIDE_WIDTH + s * DILATION_WIDTH];
          for (var e = 0u; e < 4u; e++) { sums[s][e] = fma(vec4f(value[e]), gradient, sums[s][e]); }
        }
      }
    }
  }
  let first_row = ((part * sizes.filterHeight + r) * FILTER_WIDTH * sizes.memberQuads + c) * 4u;
  for (var s = 0u; s < FILTER_WIDTH; s++) {
    for (var e = 0u; e < 4u; e++) {
      parts[(first_row + s * sizes.memberQuads * 4u + e) * sizes.outputQuads + quad] = sums[s][e];
    }
  }
}
