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
// launch: groups * ceil(batch * outputHeight * outputWidth / groups / (ROWS * DOWN)) * ceil(outputChannels / (4 * QUADS)) workgroups
// work: 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels operations

const ROWS = 8u;           // knob: pixels per invocation
const DOWN = 8u;           // knob: invocations along the pixels of a tile
const QUADS = 16u;         // knob: groups of four output channels per tile; DOWN * QUADS invocations per workgroup
const DEPTH = 4u;          // knob: groups of four channels of x per step
const TURNED = false;      // knob: whether this is the input gradient of the filter
const ACTIVATED = false;   // knob: whether x is scaled, shifted and cut off at zero; without it factors is never read

const PIXELS = ROWS * DOWN;
const PITCH = PIXELS + 2u;   // neighbours that store channels of one pixel meet different banks
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
  groups: u32,           // groups of images with factors of their own, one after the other: no tile straddles two
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [R, S, C, K], or [R, S, K, C] where TURNED
@group(0) @binding(3) var<storage, read> factors: array<vec4f>;    // [groups, 2, C], scale and shift
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;    // [N, P, Q, K]

var<workgroup> tile: array<vec4f, PITCH * DEPTH>;                  // [DEPTH, PITCH], four channels each
var<workgroup> weights_tile: array<vec4f, 4u * DEPTH * QUADS>;     // [DEPTH, 4, QUADS]

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
  let group = index / blocks / tiles;
  if (group >= sizes.groups) { return; }
  let first_pixel = group * group_pixels + index / blocks % tiles * PIXELS;
  let pixels = (group + 1u) * group_pixels;            // where the group ends
  let factors_of = 2u * group * inner;
  let across = local % QUADS;
  let down = local / QUADS;

  // The pixels of x this invocation loads: neighbours load neighbouring channels of a pixel.
  var top: array<i32, LOADS>;
  var left: array<i32, LOADS>;
  var image: array<u32, LOADS>;
  for (var t = 0u; t < LOADS; t++) {
    let pixel = min(first_pixel + (local + t * WIDTH) / DEPTH, pixels - 1u);
    let line = pixel / sizes.outputWidth;
    top[t] = i32(line % sizes.outputHeight * sizes.strideHeight) - sizes.paddingHeight;
    left[t] = i32(pixel % sizes.outputWidth * sizes.strideWidth) - sizes.paddingWidth;
    image[t] = line / sizes.outputHeight * sizes.height;
  }
  let taps = sizes.filterHeight * sizes.filterWidth;

  var sums: array<vec4f, ROWS>;
  for (var tap = 0u; tap < taps; tap++) {
    let r = tap / sizes.filterWidth;
    let s = tap % sizes.filterWidth;
    var start: array<u32, LOADS>;
    var inside: array<bool, LOADS>;
    for (var t = 0u; t < LOADS; t++) {
      let h = top[t] + i32(r * sizes.dilationHeight);
      let w = left[t] + i32(s * sizes.dilationWidth);
      inside[t] = u32(h) < sizes.height && u32(w) < sizes.width;
      start[t] = select(0u, ((image[t] + u32(h)) * sizes.width + u32(w)) * (sizes.rowStride / 4u), inside[t]);
    }
    let weights_at = select(tap, taps - 1u - tap, TURNED) * sizes.channels * quads;

    for (var first = 0u; first < inner; first += DEPTH) {
      for (var t = 0u; t < LOADS; t++) {
        let n = local + t * WIDTH;
        let c = first + n % DEPTH;
        var value = vec4f();
        if (inside[t] && c < inner) {
          value = x[start[t] + c];
          if (ACTIVATED) {
            value = fma(value, factors[factors_of + c], factors[factors_of + inner + c]);
            value = select(value, vec4f(), bitcast<vec4i>(value) <= vec4i(NEGATIVE_INFINITE));
          }
        }
        if (n < PIXELS * DEPTH) { tile[n % DEPTH * PITCH + n / DEPTH] = value; }
      }
      for (var t = 0u; t < WEIGHT_LOADS; t++) {
        let n = local + t * WIDTH;
        if (n < 4u * DEPTH * QUADS) {
          var value = vec4f();
          if (TURNED) {
            // Four channels of x at one output channel: the fourth dimension of the tile is the output channel's.
            let c = first + n % DEPTH;
            let column = n / DEPTH;
            if (c < inner && first_quad + column / 4u < quads) {
              value = weights[weights_at + (4u * first_quad + column) * inner + c];
            }
            weights_tile[(n % DEPTH * 4u + column % 4u) * QUADS + column / 4u] = value;
          } else {
            let c = 4u * first + n / QUADS;
            let quad = first_quad + n % QUADS;
            if (c < sizes.channels && quad < quads) { value = weights[weights_at + c * quads + quad]; }
            weights_tile[n] = value;
          }
        }
      }
      workgroupBarrier();
      for (var d = 0u; d < DEPTH; d++) {
        let at = d * 4u * QUADS + across;
        let w0 = weights_tile[at];
        let w1 = weights_tile[at + QUADS];
        let w2 = weights_tile[at + 2u * QUADS];
        let w3 = weights_tile[at + 3u * QUADS];
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
    }
  }

  for (var i = 0u; i < ROWS; i++) {
    let pixel = first_pixel + i * DOWN + down;
    let quad = first_quad + across;
    if (pixel < pixels && quad < quads) { y[pixel * quads + quad] = sums[i]; }
  }
}
