// parts[chunk, r, s, c, k] = sum over the pixels (n, p, q) of the chunk of f(x[n, h, w, c]) * dy[n, p, q, k], f32, C
// and K multiples of four, where
//   h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where ACTIVATED is set: batch norm and ReLU folded into the load;
//   scale and shift are those of the group of images that n is in.
// Added up over the chunks (sumChunks), this is the gradient of the weights. x may be a slice, the first C channels,
// of pixels that are rowStride values wide.
//
// For GPUs: the gradient is a matrix of R S C rows and K columns. A workgroup computes 4 ROWS DOWN x 4 QUADS of it
// from one chunk, DEPTH pixels at a time: x (where each row's tap meets them) and dy go through workgroup memory. An
// invocation computes 4 ROWS x 4 in registers. Few outputs and a long sum: the chunks are what keeps a GPU busy.
// Neighbouring workgroups own neighbouring columns, then rows, then chunks. With the defaults 64 x 64 values by 128
// invocations, for one warp per scheduler is the least that hides anything, and 8 KiB of workgroup memory. ROWS divides
// QUADS: so an invocation loads one row and one column, at all its pixels. Designed from published results and not yet
// timed on a GPU. Not for lavapipe, for its barriers.
//
// launch: groups * chunks * ceil(filterHeight * filterWidth * channels / (4 * ROWS * DOWN)) * ceil(outputChannels / (4 * QUADS)) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

const ROWS = 2u;           // knob: groups of four rows per invocation
const DOWN = 8u;           // knob: invocations along the rows of a tile
const QUADS = 16u;         // knob: groups of four output channels per tile; DOWN * QUADS invocations per workgroup
const DEPTH = 16u;         // knob: pixels per step
const POINTWISE = false;   // knob: whether pixels of dy meet those of x one by one: a filter of 1x1, stride 1, no padding
const ACTIVATED = false;   // knob: whether x is scaled, shifted and cut off at zero; without it factors is never read
alias X = vec4f;           // stored: x
alias Dy = vec4f;          // stored: dy

const WIDTH = DOWN * QUADS;
const TILE_ROWS = ROWS * DOWN;                              // groups of four rows per tile
const LOADS = (TILE_ROWS * DEPTH + WIDTH - 1u) / WIDTH;     // vectors of x per invocation and step
const COLUMN_LOADS = (QUADS * DEPTH + WIDTH - 1u) / WIDTH;  // vectors of dy

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
  chunk: u32,            // pixels per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;                  // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> dy: array<Dy>;                // [N, P, Q, K]
@group(0) @binding(3) var<storage, read> factors: array<vec4f>;        // [groups, 2, C], scale and shift
@group(0) @binding(4) var<storage, read_write> parts: array<vec4f>;    // [groups chunks, R S C, K]

var<workgroup> rows_tile: array<vec4f, DEPTH * TILE_ROWS>;   // [DEPTH, TILE_ROWS]
var<workgroup> columns_tile: array<vec4f, DEPTH * QUADS>;    // [DEPTH, QUADS]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let inner = sizes.channels / 4u;
  let quads = sizes.outputChannels / 4u;
  let rows = sizes.filterHeight * sizes.filterWidth * inner;   // in groups of four
  let blocks_across = (quads + QUADS - 1u) / QUADS;
  let blocks_down = (rows + TILE_ROWS - 1u) / TILE_ROWS;
  let first_quad = index % blocks_across * QUADS;
  let first_row = index / blocks_across % blocks_down * TILE_ROWS;
  let chunk = index / blocks_across / blocks_down;
  let group = chunk / sizes.chunks;
  if (group >= sizes.groups) { return; }
  let across = local % QUADS;
  let down = local / QUADS;

  // The row and the column this invocation loads, at all its pixels; past the last one it repeats that, and is dropped at
  // the store.
  let row = min(first_row + local % TILE_ROWS, rows - 1u);
  let tap = row / inner;
  let channel = row % inner;
  let above = i32(tap / sizes.filterWidth * sizes.dilationHeight) - i32(sizes.paddingHeight);
  let before = i32(tap % sizes.filterWidth * sizes.dilationWidth) - i32(sizes.paddingWidth);
  let own_quad = min(first_quad + across, quads - 1u);
  var scale = vec4f();
  var shift = vec4f();
  if (ACTIVATED) {
    scale = factors[2u * group * inner + channel];
    shift = factors[(2u * group + 1u) * inner + channel];
  }

  var sums: array<array<vec4f, 4>, ROWS>;
  let group_pixels = sizes.batch / sizes.groups * sizes.outputHeight * sizes.outputWidth;
  let first_pixel = group * group_pixels + chunk % sizes.chunks * sizes.chunk;
  let end_pixel = min(first_pixel + sizes.chunk, (group + 1u) * group_pixels);
  // Where the pixels to load lie, seen from this row's tap; step by step counted up in three digits, for divisions are dear.
  let line_w = i32(sizes.outputWidth * sizes.strideWidth);
  let image_h = i32(sizes.outputHeight * sizes.strideHeight);
  let end_w = before + line_w;
  let end_h = above + image_h;
  let step_w = i32(DEPTH % sizes.outputWidth * sizes.strideWidth);
  let step_h = i32(DEPTH / sizes.outputWidth % sizes.outputHeight * sizes.strideHeight);
  let step_image = DEPTH / sizes.outputWidth / sizes.outputHeight * sizes.height;
  var h: array<i32, LOADS>;
  var w: array<i32, LOADS>;
  var image: array<u32, LOADS>;
  for (var t = 0u; t < LOADS; t++) {
    let pixel = first_pixel + (local + t * WIDTH) / TILE_ROWS;
    let line = pixel / sizes.outputWidth;
    h[t] = i32(line % sizes.outputHeight * sizes.strideHeight) + above;
    w[t] = i32(pixel % sizes.outputWidth * sizes.strideWidth) + before;
    image[t] = line / sizes.outputHeight * sizes.height;
  }
  for (var first = first_pixel; first < end_pixel; first += DEPTH) {
    // All loads before the first use, none in a branch, so that one wait covers them: what lies past the end is read from
    // the last place there is. It becomes 0 by `select`, never by a product, for 0 times an infinity is NaN.
    var inside: array<bool, LOADS>;
    var loaded: array<vec4f, LOADS>;
    for (var t = 0u; t < LOADS; t++) {
      let pixel = first + (local + t * WIDTH) / TILE_ROWS;
      if (POINTWISE) {
        inside[t] = pixel < end_pixel;
        loaded[t] = vec4f(x[min(pixel, end_pixel - 1u) * (sizes.rowStride / 4u) + channel]);
      } else {
        inside[t] = pixel < end_pixel && u32(h[t]) < sizes.height && u32(w[t]) < sizes.width;
        let at = (image[t] + u32(h[t])) * sizes.width + u32(w[t]);
        loaded[t] = vec4f(x[select(0u, at * (sizes.rowStride / 4u), inside[t]) + channel]);
        w[t] += step_w;
        let next_line = w[t] >= end_w;
        w[t] -= select(0, line_w, next_line);
        h[t] += step_h + select(0, i32(sizes.strideHeight), next_line);
        let next_image = h[t] >= end_h;
        h[t] -= select(0, image_h, next_image);
        image[t] += step_image + select(0u, sizes.height, next_image);
      }
    }
    var loaded_columns: array<vec4f, COLUMN_LOADS>;
    for (var t = 0u; t < COLUMN_LOADS; t++) {
      let pixel = min(first + (local + t * WIDTH) / QUADS, end_pixel - 1u);
      loaded_columns[t] = vec4f(dy[pixel * quads + own_quad]);
    }

    for (var t = 0u; t < LOADS; t++) {
      let n = local + t * WIDTH;
      var value = loaded[t];
      if (ACTIVATED) {
        value = fma(value, scale, shift);
        value = select(value, vec4f(), bitcast<vec4i>(value) <= vec4i(NEGATIVE_INFINITE));
      }
      value = select(vec4f(), value, inside[t]);
      if (DEPTH * TILE_ROWS % WIDTH == 0u || n < DEPTH * TILE_ROWS) { rows_tile[n] = value; }
    }
    for (var t = 0u; t < COLUMN_LOADS; t++) {
      let n = local + t * WIDTH;
      let value = select(vec4f(), loaded_columns[t], first + n / QUADS < end_pixel);
      if (DEPTH * QUADS % WIDTH == 0u || n < DEPTH * QUADS) { columns_tile[n] = value; }
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let columns = columns_tile[d * QUADS + across];
      for (var i = 0u; i < ROWS; i++) {
        let rows = rows_tile[d * TILE_ROWS + i * DOWN + down];
        // region: outer product
        sums[i][0] = fma(vec4f(rows.x), columns, sums[i][0]);
        sums[i][1] = fma(vec4f(rows.y), columns, sums[i][1]);
        sums[i][2] = fma(vec4f(rows.z), columns, sums[i][2]);
        sums[i][3] = fma(vec4f(rows.w), columns, sums[i][3]);
        // end region
      }
    }
    workgroupBarrier();
  }

  let quad = first_quad + across;
  if (quad >= quads) { return; }
  for (var i = 0u; i < ROWS; i++) {
    let row = first_row + i * DOWN + down;
    if (row < rows) {
      for (var e = 0u; e < 4u; e++) { parts[((chunk * rows + row) * 4u + e) * quads + quad] = sums[i][e]; }
    }
  }
}
