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
// Neighbouring workgroups own neighbouring columns, then rows, then chunks. Designed from published results and not
// yet timed on a GPU. Not for lavapipe, for its barriers.
//
// launch: groups * chunks * ceil(filterHeight * filterWidth * channels / (4 * ROWS * DOWN)) * ceil(outputChannels / (4 * QUADS)) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

const ROWS = 2u;           // knob: groups of four rows per invocation
const DOWN = 8u;           // knob: invocations along the rows of a tile
const QUADS = 8u;          // knob: groups of four output channels per tile; DOWN * QUADS invocations per workgroup
const DEPTH = 8u;          // knob: pixels per step
const ACTIVATED = false;   // knob: whether x is scaled, shifted and cut off at zero; without it factors is never read

const WIDTH = DOWN * QUADS;
const TILE_ROWS = ROWS * DOWN;                              // groups of four rows per tile
const LOADS = (TILE_ROWS * DEPTH + WIDTH - 1u) / WIDTH;     // vectors of x per invocation and step

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
@group(0) @binding(1) var<storage, read> x: array<vec4f>;              // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;             // [N, P, Q, K]
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

  // The rows this invocation loads; those past the last one repeat it and are dropped at the store.
  var channel: array<u32, LOADS>;
  var above: array<i32, LOADS>;
  var before: array<i32, LOADS>;
  for (var t = 0u; t < LOADS; t++) {
    let row = min(first_row + (local + t * WIDTH) % TILE_ROWS, rows - 1u);
    let tap = row / inner;
    channel[t] = row % inner;
    above[t] = i32(tap / sizes.filterWidth * sizes.dilationHeight) - i32(sizes.paddingHeight);
    before[t] = i32(tap % sizes.filterWidth * sizes.dilationWidth) - i32(sizes.paddingWidth);
  }

  var sums: array<array<vec4f, 4>, ROWS>;
  let group_pixels = sizes.batch / sizes.groups * sizes.outputHeight * sizes.outputWidth;
  let first_pixel = group * group_pixels + chunk % sizes.chunks * sizes.chunk;
  let end_pixel = min(first_pixel + sizes.chunk, (group + 1u) * group_pixels);
  let factors_of = 2u * group * inner;
  for (var first = first_pixel; first < end_pixel; first += DEPTH) {
    for (var t = 0u; t < LOADS; t++) {
      let n = local + t * WIDTH;
      let pixel = first + n / TILE_ROWS;
      let line = pixel / sizes.outputWidth;
      let h = i32(line % sizes.outputHeight * sizes.strideHeight) + above[t];
      let w = i32(pixel % sizes.outputWidth * sizes.strideWidth) + before[t];
      var value = vec4f();
      if (pixel < end_pixel && u32(h) < sizes.height && u32(w) < sizes.width) {
        let at = (line / sizes.outputHeight * sizes.height + u32(h)) * sizes.width + u32(w);
        value = x[at * (sizes.rowStride / 4u) + channel[t]];
        if (ACTIVATED) {
          value = fma(value, factors[factors_of + channel[t]], factors[factors_of + inner + channel[t]]);
          value = select(value, vec4f(), bitcast<vec4i>(value) <= vec4i(NEGATIVE_INFINITE));
        }
      }
      if (n < DEPTH * TILE_ROWS) { rows_tile[n] = value; }
    }
    for (var n = local; n < DEPTH * QUADS; n += WIDTH) {
      let pixel = first + n / QUADS;
      let quad = first_quad + n % QUADS;
      var value = vec4f();
      if (pixel < end_pixel && quad < quads) { value = dy[pixel * quads + quad]; }
      columns_tile[n] = value;
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
