// y[n, p, q, k] = sum over r, s, c of f(x[n, h, w, c]) * weights[r, s, c, k], f32, C and K multiples of four, where
//   h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where ACTIVATED is set: batch norm and ReLU folded into the load;
//   scale and shift are those of the group of images that n is in.
// Where TURNED is set the weights are [R, S, K, C] and lie turned by half a turn: the input gradient, with dy as x.
// x may be a slice, the first C channels, of pixels that are rowStride values wide.
//
// For GPUs: a product of matrices whose left one (pixels by taps and channels) is never stored. A workgroup computes
// ROWS * DOWN pixels x 4 QUADS output channels and walks along taps and channels, 4 DEPTH channels of one tap at a
// time: the values of x and the weights they meet go through workgroup memory, so that where a tap meets a pixel is
// worked out once per tap. An invocation computes ROWS pixels, DOWN apart, x four channels in registers. Neighbouring
// workgroups own neighbouring output channels. With the defaults 64 x 64 outputs and 8 KiB of workgroup memory: after
// the tiles of CUTLASS' implicit GEMM, in a size that a portable 16 KiB allows. Designed from published results and
// not yet timed on a GPU. Not for lavapipe, where a barrier costs more than the loads it saves.
//
// Where there are few pixels the steps are split into chunks, each a workgroup's: then y has the sums of every chunk,
// [chunks, N, P, Q, K], and sumChunks adds them up. Where there are few channels, as at a stem, FLAT makes one axis of
// taps and channels, so that a step has no channels of zeros: 4 DEPTH neighbours of that, of several taps.
//
// launch: chunks * groups * ceil(batch * outputHeight * outputWidth / groups / (ROWS * DOWN)) * ceil(outputChannels / (4 * QUADS)) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

const ROWS = 8u;           // knob: pixels per invocation
const DOWN = 8u;           // knob: invocations along the pixels of a tile
const QUADS = 16u;         // knob: groups of four output channels per tile; DOWN * QUADS invocations per workgroup
const DEPTH = 4u;          // knob: groups of four channels of x per step
const FLAT = false;        // knob: whether a step takes neighbours of one axis of taps and channels; else channels of one tap
const TURNED = false;      // knob: whether this is the input gradient of the filter
const ACTIVATED = false;   // knob: whether x is scaled, shifted and cut off at zero; without it factors is never read
alias X = vec4f;           // stored: x
alias Y = vec4f;           // stored: y

const PIXELS = ROWS * DOWN;
const PITCH = PIXELS + 2u;   // neighbours that store channels of one pixel meet different banks
const WEIGHTS_PITCH = select(QUADS, QUADS + 1u, TURNED);   // turned weights are stored across, and meet different banks
const WIDTH = DOWN * QUADS;
const LOADS = (PIXELS * DEPTH + WIDTH - 1u) / WIDTH;            // vectors of x per invocation and step
const WEIGHT_LOADS = (4u * DEPTH * QUADS + WIDTH - 1u) / WIDTH; // vectors of the weights

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
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: i32,    // negative where an input gradient skips the border of dy
  paddingWidth: i32,
  dilationHeight: u32,
  dilationWidth: u32,
  chunk: u32,            // steps per chunk; the last chunk may have fewer
  chunks: u32,
  groups: u32,           // groups of images with factors of their own, one after the other: no tile straddles two
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;              // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [R, S, C, K], or [R, S, K, C] where TURNED
@group(0) @binding(3) var<storage, read> factors: array<vec4f>;    // [groups, 2, C], scale and shift
@group(0) @binding(4) var<storage, read_write> y: array<Y>;        // [chunks, N, P, Q, K]

var<workgroup> tile: array<vec4f, PITCH * DEPTH>;                  // [DEPTH, PITCH], four channels each
var<workgroup> weights_tile: array<vec4f, 4u * DEPTH * WEIGHTS_PITCH>;   // [DEPTH, 4, WEIGHTS_PITCH]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let inner = sizes.channels / 4u;
  let quads = sizes.outputChannels / 4u;
  let blocks = (quads + QUADS - 1u) / QUADS;
  let group_pixels = sizes.batch / sizes.groups * sizes.outputHeight * sizes.outputWidth;
  let tiles = (group_pixels + PIXELS - 1u) / PIXELS;   // of a group
  let first_quad = index % blocks * QUADS;
  let chunk = index / blocks / tiles / sizes.groups;
  if (chunk >= sizes.chunks) { return; }
  let group = index / blocks / tiles % sizes.groups;
  let first_pixel = group * group_pixels + index / blocks % tiles * PIXELS;
  let end_pixel = (group + 1u) * group_pixels;         // where the group ends
  let factors_of = 2u * group * inner;
  let across = local % QUADS;
  let down = local / QUADS;

  // The pixels of x this invocation loads: neighbours load neighbouring channels of a pixel.
  var top: array<i32, LOADS>;
  var left: array<i32, LOADS>;
  var image: array<u32, LOADS>;
  for (var t = 0u; t < LOADS; t++) {
    let pixel = min(first_pixel + (local + t * WIDTH) / DEPTH, end_pixel - 1u);
    let line = pixel / sizes.outputWidth;
    top[t] = i32(line % sizes.outputHeight * sizes.strideHeight) - sizes.paddingHeight;
    left[t] = i32(pixel % sizes.outputWidth * sizes.strideWidth) - sizes.paddingWidth;
    image[t] = line / sizes.outputHeight * sizes.height;
  }
  let taps = sizes.filterHeight * sizes.filterWidth;
  // An invocation's loads are all of one group of channels of x and, but where TURNED, of one of output channels.
  let own_c = local % DEPTH;
  let own_quad = min(first_quad + local % QUADS, quads - 1u);

  var sums: array<vec4f, ROWS>;
  // A run of groups of channels is walked along without a break.
  let run = select(inner, taps * inner, FLAT);
  let steps = (run + DEPTH - 1u) / DEPTH;
  let begin = chunk * sizes.chunk;
  let end = min(begin + sizes.chunk, select(taps * steps, steps, FLAT));
  var tap = begin / steps;
  var first = begin % steps * DEPTH;
  var weights_at = 0u;
  var start: array<u32, LOADS>;
  var inside: array<bool, LOADS>;
  for (var step = begin; step < end; step++) {
    let at = min(first + own_c, run - 1u);
    if (FLAT) { tap = at / inner; }
    let c = select(at, at - tap * inner, FLAT);
    if (FLAT || step == begin || first == 0u) {
      let r = tap / sizes.filterWidth;
      let s = tap % sizes.filterWidth;
      for (var t = 0u; t < LOADS; t++) {
        let h = top[t] + i32(r * sizes.dilationHeight);
        let w = left[t] + i32(s * sizes.dilationWidth);
        inside[t] = u32(h) < sizes.height && u32(w) < sizes.width;
        start[t] = select(0u, ((image[t] + u32(h)) * sizes.width + u32(w)) * (sizes.rowStride / 4u), inside[t]);
      }
      weights_at = select(select(tap, 0u, FLAT), taps - 1u - tap, TURNED) * sizes.channels * quads;
    }

    // All loads before the first use, none in a branch, so that one wait covers them: what lies past the end is read from
    // the last place there is. It becomes 0 by `select`, never by a product, for 0 times an infinity is NaN.
    var loaded: array<vec4f, LOADS>;
    for (var t = 0u; t < LOADS; t++) { loaded[t] = vec4f(x[start[t] + c]); }
    var scale = vec4f();
    var shift = vec4f();
    if (ACTIVATED) {
      scale = factors[factors_of + c];
      shift = factors[factors_of + inner + c];
    }
    var loaded_weights: array<vec4f, WEIGHT_LOADS>;
    for (var t = 0u; t < WEIGHT_LOADS; t++) {
      let n = local + t * WIDTH;
      if (TURNED) {
        // Four channels of x at one output channel: the fourth dimension of the tile is the output channel's.
        let column = min(4u * first_quad + n / DEPTH, sizes.outputChannels - 1u);
        loaded_weights[t] = weights[weights_at + column * inner + c];
      } else {
        let row = min(4u * first + n / QUADS, 4u * run - 1u);
        loaded_weights[t] = weights[weights_at + row * quads + own_quad];
      }
    }

    for (var t = 0u; t < LOADS; t++) {
      let n = local + t * WIDTH;
      var value = loaded[t];
      if (ACTIVATED) {
        value = fma(value, scale, shift);
        value = select(value, vec4f(), bitcast<vec4i>(value) <= vec4i(NEGATIVE_INFINITE));
      }
      value = select(vec4f(), value, inside[t] && first + own_c < run);
      if (PIXELS * DEPTH % WIDTH == 0u || n < PIXELS * DEPTH) { tile[own_c * PITCH + n / DEPTH] = value; }
    }
    for (var t = 0u; t < WEIGHT_LOADS; t++) {
      let n = local + t * WIDTH;
      let is_met = first + select(n / QUADS / 4u, own_c, TURNED) < run;
      let value = select(vec4f(), loaded_weights[t], is_met);
      let column = n / DEPTH;
      let at = select(n, (own_c * 4u + column % 4u) * WEIGHTS_PITCH + column / 4u, TURNED);
      if (4u * DEPTH * QUADS % WIDTH == 0u || n < 4u * DEPTH * QUADS) { weights_tile[at] = value; }
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let at = d * 4u * WEIGHTS_PITCH + across;
      let w0 = weights_tile[at];
      let w1 = weights_tile[at + WEIGHTS_PITCH];
      let w2 = weights_tile[at + 2u * WEIGHTS_PITCH];
      let w3 = weights_tile[at + 3u * WEIGHTS_PITCH];
      for (var i = 0u; i < ROWS; i++) {
        let value = tile[d * PITCH + i * DOWN + down];
        if (TURNED) {
          sums[i] += vec4f(dot(value, w0), dot(value, w1), dot(value, w2), dot(value, w3));
        } else {
          sums[i] = fma(vec4f(value.x), w0, sums[i]);
          sums[i] = fma(vec4f(value.y), w1, sums[i]);
          sums[i] = fma(vec4f(value.z), w2, sums[i]);
          sums[i] = fma(vec4f(value.w), w3, sums[i]);
        }
      }
    }
    workgroupBarrier();
    first += DEPTH;
    if (!FLAT && first >= inner) {
      first = 0u;
      tap++;
    }
  }

  for (var i = 0u; i < ROWS; i++) {
    let pixel = first_pixel + i * DOWN + down;
    let quad = first_quad + across;
    if (pixel < end_pixel && quad < quads) { y[(chunk * sizes.groups * group_pixels + pixel) * quads + quad] = Y(sums[i]); }
  }
}
