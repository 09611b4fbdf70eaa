// y[n, h, w, k] = sum over r, s, c of f(x[n, h + r * dilationHeight - paddingHeight, .., c]) * weights[r, s, c, k],
//   f32, C and K multiples of four, y as high and wide as x; the sum skips taps outside the image,
//   f(v) = v, or max(v * scale[c] + shift[c], 0) where `activated` is 1: batch norm and ReLU folded into the load;
//   scale and shift are those of the group of images that n is in.
// Where TURNED is set the weights are [R, S, K, C] and lie turned by half a turn: the input gradient, with dy as x.
// A product of matrices is the case of one tap. x may be a slice, the first C channels, of pixels rowStride wide.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 8 VECTORS neighbouring pixels (of all
// images of a group in a row) x 4 QUADS neighbouring output channels: each lane owns every eighth pixel. A lane loads the pixels
// of its own, once for all taps of a filter row (the taps to the right come from the neighbouring lanes), and its
// share of the weights, which then go round by shuffles. Neighbouring workgroups own neighbouring output channels.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// lavapipe, 2 cores, 2026: a load of four values goes lane by lane and costs as much as a hundred multiplications of
// eight lanes, a shuffle as much as one; this form reaches 2 to 2.5 times conv2dBlocked. A load is a kilobyte and
// more of code, so those of x stand in a loop that cannot be unrolled: 0.5 s to compile instead of 1.1. With 7 pixels per
// lane and 4 groups of channels the driver no longer unrolls the loops over the sums, and takes 2 to 5 times as long.
//
// launch: groups * ceil(batch * height * width / groups / (8 * VECTORS)) * ceil(outputChannels / (4 * QUADS)) workgroups
// work: 2 * batch * height * width * outputChannels * filterHeight * filterWidth * channels operations

enable subgroups;

const VECTORS = 5u;        // knob: pixels per lane
const QUADS = 3u;          // knob: groups of four output channels per workgroup
const TURNED = false;      // knob: whether this is the input gradient of the filter
alias X = vec4f;           // stored: x
alias Y = vec4f;           // stored: y

const LANES = 8u;
const HELD = (4u * QUADS + LANES - 1u) / LANES;   // vectors of weights per lane

// ReLU by bits, so that NaN stays NaN: those of all numbers below 0 are at most these, of -infinity, and those of NaN more.
const NEGATIVE_INFINITE = -0x00800000;

struct Sizes {
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C
  rowStride: u32,        // values from one pixel of x to the next, at least C
  filterHeight: u32,     // R
  filterWidth: u32,      // S; (S - 1) * dilationWidth is at most 8
  outputChannels: u32,   // K
  paddingHeight: u32,
  paddingWidth: u32,
  dilationHeight: u32,
  dilationWidth: u32,
  activated: u32,        // 1 where x is scaled, shifted and cut off at zero; else factors is never read
  groups: u32,           // groups of images with factors of their own, one after the other
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// region: convolution operands
@group(0) @binding(1) var<storage, read> x: array<X>;              // [N, H, W, rowStride], the first C channels
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [R, S, C, K], or [R, S, K, C] where TURNED
@group(0) @binding(3) var<storage, read> factors: array<f32>;      // [groups, 2, C], scale and shift
// end region
@group(0) @binding(4) var<storage, read_write> y: array<Y>;        // [N, H, W, K]

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let inner = sizes.channels / 4u;
  let quads = sizes.outputChannels / 4u;
  let blocks = (quads + QUADS - 1u) / QUADS;
  let group_pixels = sizes.batch / sizes.groups * sizes.height * sizes.width;
  let runs = (group_pixels + VECTORS * LANES - 1u) / (VECTORS * LANES);   // of a group
  let first_quad = index % blocks * QUADS;
  let group = index / blocks / runs;
  if (group >= sizes.groups) { return; }
  let first_pixel = group * group_pixels + index / blocks % runs * (VECTORS * LANES);
  let pixels = (group + 1u) * group_pixels;                               // where the group ends

  // Where the first tap meets this lane's pixels.
  var top: array<i32, VECTORS>;
  var left: array<i32, VECTORS>;
  for (var i = 0u; i < VECTORS; i++) {
    let pixel = first_pixel + i * LANES + lane;
    top[i] = i32(pixel / sizes.width % sizes.height) - i32(sizes.paddingHeight);
    left[i] = i32(pixel % sizes.width) - i32(sizes.paddingWidth);
  }
  // The pixels that a row of taps meets lie in a run, for y is as wide as x; what lies outside the image is masked.
  let halo = (sizes.filterWidth - 1u) * sizes.dilationWidth;
  let run_end = min(first_pixel + VECTORS * LANES, pixels) + halo;
  let run_start = i32(first_pixel + lane) - i32(sizes.paddingHeight * sizes.width + sizes.paddingWidth);

  // The weights this lane loads, four at once: along k, or along c where they are turned.
  var share: array<u32, HELD>;
  for (var t = 0u; t < HELD; t++) {
    let n = lane + LANES * t;
    share[t] = min(n / QUADS, 3u) * quads + min(first_quad + n % QUADS, quads - 1u);
    if (TURNED) { share[t] = min(4u * first_quad + n, sizes.outputChannels - 1u) * inner; }
  }
  let taps = sizes.filterHeight * sizes.filterWidth;

  let is_cut = vec4<bool>(sizes.activated == 1u);
  var sums: array<array<vec4f, QUADS>, VECTORS>;
  for (var r = 0u; r < sizes.filterHeight; r++) {
    let down = i32(r * sizes.dilationHeight);
    for (var c = 0u; c < inner; c++) {
      // region: factors of four channels
      var scale = vec4f(1.0);
      var shift = vec4f();
      if (sizes.activated == 1u) {
        let factor = factors[(2u * group + lane / 4u) * sizes.channels + 4u * c + lane % 4u];
        for (var e = 0u; e < 4u; e++) {
          scale[e] = subgroupShuffle(factor, e);
          shift[e] = subgroupShuffle(factor, 4u + e);
        }
      }
      // end region
      var run: array<vec4f, VECTORS + 1u>;
      var at = run_start + down * i32(sizes.width);
      for (var pixel = first_pixel; pixel < run_end; pixel += LANES) {
        var value = vec4f();
        // Of the last eight pixels those that a tap meets.
        if (pixel + lane < run_end) { value = vec4f(x[u32(clamp(at, 0, i32(pixels) - 1)) * (sizes.rowStride / 4u) + c]); }
        value = fma(value, scale, shift);
        value = select(value, vec4f(), is_cut & (bitcast<vec4i>(value) <= vec4i(NEGATIVE_INFINITE)));
        for (var i = 0u; i <= VECTORS; i++) { run[i] = select(run[i], value, pixel == first_pixel + i * LANES); }
        at += i32(LANES);
      }

      for (var s = 0u; s < sizes.filterWidth; s++) {
        let across = s * sizes.dilationWidth;
        let tap = r * sizes.filterWidth + s;
        var weights_at = (tap * sizes.channels + 4u * c) * quads;
        if (TURNED) { weights_at = (taps - 1u - tap) * inner * sizes.outputChannels + c; }
        var held: array<vec4f, HELD>;
        for (var t = 0u; t < HELD; t++) { held[t] = weights[weights_at + share[t]]; }

        var values: array<vec4f, VECTORS>;
        let neighbour = (lane + across) % LANES;
        for (var i = 0u; i < VECTORS; i++) {
          let near = subgroupShuffle(run[i], neighbour);
          let far = subgroupShuffle(run[i + 1u], neighbour);
          let inside = u32(top[i] + down) < sizes.height && u32(left[i] + i32(across)) < sizes.width;
          values[i] = select(vec4f(), select(near, far, lane + across >= LANES), inside);
        }
        // region: weights go round
        for (var j = 0u; j < QUADS; j++) {
          var columns: array<vec4f, 4>;
          for (var e = 0u; e < 4u; e++) {
            for (var d = 0u; d < 4u; d++) {
              if (TURNED) {
                columns[e][d] = subgroupShuffle(held[(4u * j + d) / LANES][e], (4u * j + d) % LANES);
              } else {
                columns[e][d] = subgroupShuffle(held[(e * QUADS + j) / LANES][d], (e * QUADS + j) % LANES);
              }
            }
          }
          for (var i = 0u; i < VECTORS; i++) {
            let value = values[i];
            let two = fma(vec4f(value.y), columns[1], fma(vec4f(value.x), columns[0], sums[i][j]));
            sums[i][j] = fma(vec4f(value.w), columns[3], fma(vec4f(value.z), columns[2], two));
          }
        }
        // end region
      }
    }
  }

  // Loops that are not unrolled, with the sums picked by hand: a store for each would take seconds to compile.
  let end = min(first_pixel + VECTORS * LANES, pixels);
  for (var pixel = first_pixel + lane; pixel < end; pixel += LANES) {
    for (var quad = first_quad; quad < min(first_quad + QUADS, quads); quad++) {
      var sum = vec4f();
      for (var i = 0u; i < VECTORS; i++) {
        let mine = pixel == first_pixel + i * LANES + lane;
        for (var j = 0u; j < QUADS; j++) { sum = select(sum, sums[i][j], mine && quad == first_quad + j); }
      }
      y[pixel * quads + quad] = Y(sum);
    }
  }
}
