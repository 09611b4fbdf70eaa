// parts[part, r, s, k] = sum over the part's pixels (n, p, q) of x[n, h, w, floor(k / multiplier)] * dy[n, p, q, k], f32,
//   where h = p * STRIDE_HEIGHT - paddingHeight + r, w likewise; x is zero outside the image, multiplier is K / C. The sum
//   over the parts is the weight gradient of a depthwise convolution: sumChunks.
//
// A part is `blocks` blocks of `lines` lines of a band of COLUMNS columns. One invocation adds up a part, of one channel (or
// of four neighbouring ones), from the top of each block down: a pixel of x is loaded once and held in registers for all
// taps that it meets, one of dy once, and so are the sums. The first steps of a block only fill the window. Neighbouring
// invocations own neighbouring channels, so loads coalesce.
//
// launch: ceil(ceil(batch * ceil(outputHeight / lines) * ceil(outputWidth / COLUMNS) / blocks) * outputChannels / WIDTH) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * FILTER_HEIGHT * FILTER_WIDTH * lanes(Element) operations

alias Element = f32;           // knob: f32, or vec4f for four neighbouring channels at a time where multiplier is 1
const FILTER_HEIGHT = 3u;      // knob: R
const FILTER_WIDTH = 3u;       // knob: S
const STRIDE_HEIGHT = 1u;      // knob: distance of neighbouring windows
const STRIDE_WIDTH = 1u;       // knob: the same along a line
const COLUMNS = 4u;            // knob: columns of a band
const WIDTH = 64u;             // knob: invocations per workgroup

const TAPS = FILTER_HEIGHT * FILTER_WIDTH;
const SPAN = (COLUMNS - 1u) * STRIDE_WIDTH + FILTER_WIDTH;   // pixels of a line of x that a line of the band meets
const STEPS = (FILTER_HEIGHT + STRIDE_HEIGHT - 1u) / STRIDE_HEIGHT;   // that fill the window, the first line's among them

struct Sizes {
  // region: depthwise sizes
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C, or C / 4 where values are in fours
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  outputChannels: u32,   // K, or K / 4
  paddingHeight: i32,    // below 0 where a gradient's filter does not reach over the edge
  paddingWidth: i32,
  lines: u32,            // lines of y per invocation
  // end region
  blocks: u32,           // blocks of so many lines per invocation
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;             // [N, H, W, C]
@group(0) @binding(2) var<storage, read> dy: array<Element>;            // [N, P, Q, K]
@group(0) @binding(3) var<storage, read_write> parts: array<Element>;   // [parts, R, S, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let bands = (sizes.outputWidth + COLUMNS - 1u) / COLUMNS;
  let heights = (sizes.outputHeight + sizes.lines - 1u) / sizes.lines;
  let channel = index % sizes.outputChannels;
  let part = index / sizes.outputChannels;
  let first_block = part * sizes.blocks;
  let end_block = min(first_block + sizes.blocks, sizes.batch * heights * bands);
  if (first_block >= end_block) { return; }

  var sums: array<Element, TAPS>;
  for (var block = first_block; block < end_block; block++) {
    let image = block / bands / heights;
    let first_q = block % bands * COLUMNS;
    let first_p = block / bands % heights * sizes.lines;
    let end_p = min(first_p + sizes.lines, sizes.outputHeight);

    // region: columns that a band meets
    // What lies left or right of the image is loaded from its edge and taken for zero.
    let x_channel = channel / (sizes.outputChannels / sizes.channels);
    let left = i32(first_q * STRIDE_WIDTH) - sizes.paddingWidth;
    var inside: array<bool, SPAN>;
    var column: array<u32, SPAN>;
    for (var j = 0u; j < SPAN; j++) {
      let w = left + i32(j);
      inside[j] = w >= 0 && w < i32(sizes.width);
      column[j] = u32(clamp(w, 0, i32(sizes.width) - 1)) * sizes.channels + x_channel;
    }
    // end region

    var window: array<array<Element, SPAN>, FILTER_HEIGHT>;
    for (var p = i32(first_p) - i32(STEPS - 1u); p < i32(end_p); p++) {
      // region: next lines of the window
      for (var r = 0u; r < FILTER_HEIGHT; r++) {
        if (r + STRIDE_HEIGHT < FILTER_HEIGHT) {
          window[r] = window[r + STRIDE_HEIGHT];
          continue;
        }
        let h = p * i32(STRIDE_HEIGHT) - sizes.paddingHeight + i32(r);
        let is_line = h >= 0 && h < i32(sizes.height);
        let start = (image * sizes.height + u32(clamp(h, 0, i32(sizes.height) - 1))) * sizes.width * sizes.channels;
        for (var j = 0u; j < SPAN; j++) {
          window[r][j] = select(Element(), x[start + column[j]], is_line && inside[j]);
        }
      }
      // end region
      if (p < i32(first_p)) { continue; }
      let start = (image * sizes.outputHeight + u32(p)) * sizes.outputWidth * sizes.outputChannels + channel;
      var values: array<Element, COLUMNS>;
      for (var j = 0u; j < COLUMNS; j++) {
        let q = min(first_q + j, sizes.outputWidth - 1u);
        values[j] = select(Element(), dy[start + q * sizes.outputChannels], first_q + j < sizes.outputWidth);
      }
      // Column by column inside: a sum goes into a register once a line.
      for (var r = 0u; r < FILTER_HEIGHT; r++) {
        for (var s = 0u; s < FILTER_WIDTH; s++) {
          var sum = sums[r * FILTER_WIDTH + s];
          for (var j = 0u; j < COLUMNS; j++) { sum = fma(window[r][j * STRIDE_WIDTH + s], values[j], sum); }
          sums[r * FILTER_WIDTH + s] = sum;
        }
      }
    }
  }
  for (var tap = 0u; tap < TAPS; tap++) {
    parts[(part * TAPS + tap) * sizes.outputChannels + channel] = sums[tap];
  }
}
