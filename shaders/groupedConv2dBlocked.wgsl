// y[n, p, q, k] = sum over r, s and c < C / groups of x[n, h, w, g * C / groups + c] * weights[r, s, c, k], f32, where
//   g is the group of k, h = p * strideHeight - paddingHeight + r * dilationHeight, w likewise; x is zero outside the image.
//   C / groups and K / groups are multiples of four.
// Where TURNED is set the weights are [R, S, K / groups, C] and lie turned by half a turn: the input gradient at stride 1,
// with dy as x.
//
// One invocation computes COLUMNS neighbouring pixels of a line x 4 neighbouring output channels in registers: what is
// loaded of x is used for 4 channels and all taps of a filter row, each of the weights COLUMNS times. Neighbouring
// invocations own neighbouring output channels, so loads coalesce.
//
// launch: ceil(batch * outputHeight * ceil(outputWidth / COLUMNS) * outputQuads / WIDTH) workgroups
// work: 32 * batch * outputHeight * outputWidth * outputQuads * filterHeight * FILTER_WIDTH * memberQuads operations

const FILTER_WIDTH = 3u;       // knob: S
const STRIDE_WIDTH = 1u;       // knob: distance of neighbouring windows along a line
const DILATION_WIDTH = 1u;     // knob: distance of neighbouring taps along a line
const TURNED = false;          // knob: whether this is the input gradient of the filter
const COLUMNS = 8u;            // knob: pixels per invocation
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
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [N, H, W, C]
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [R, S, C / groups, K], or [R, S, K / groups, C]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // [N, P, Q, K]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let bands = (sizes.outputWidth + COLUMNS - 1u) / COLUMNS;
  let quad = index % sizes.outputQuads;
  let line = index / sizes.outputQuads / bands;
  let image = line / sizes.outputHeight;
  if (image >= sizes.batch) { return; }
  let first_q = index / sizes.outputQuads % bands * COLUMNS;
  let member = quad % sizes.outputMemberQuads;
  let first_quad = quad / sizes.outputMemberQuads * sizes.memberQuads;

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

  let taps = sizes.filterHeight * FILTER_WIDTH;
  var sums: array<vec4f, COLUMNS>;
  for (var r = 0u; r < sizes.filterHeight; r++) {
    let h = i32(line % sizes.outputHeight * sizes.strideHeight + r * sizes.dilationHeight) - sizes.paddingHeight;
    if (h < 0 || h >= i32(sizes.height)) { continue; }
    let start = (image * sizes.height + u32(h)) * sizes.width * sizes.quads;
    for (var c = 0u; c < sizes.memberQuads; c++) {
      var values: array<vec4f, SPAN>;
      for (var j = 0u; j < SPAN; j++) { values[j] = select(vec4f(), x[start + column[j] + c], inside[j]); }
      for (var s = 0u; s < FILTER_WIDTH; s++) {
        let tap = r * FILTER_WIDTH + s;
        var at = (tap * sizes.memberQuads + c) * 4u * sizes.outputQuads + quad;
        var row = sizes.outputQuads;
        if (TURNED) {
          at = ((taps - 1u - tap) * sizes.outputMemberQuads + member) * 4u * sizes.quads + first_quad + c;
          row = sizes.quads;
        }
        var square = mat4x4f(weights[at], weights[at + row], weights[at + 2u * row], weights[at + 3u * row]);
        if (TURNED) { square = transpose(square); }
        for (var j = 0u; j < COLUMNS; j++) {
          let value = values[j * STRIDE_WIDTH + s * DILATION_WIDTH];
          for (var e = 0u; e < 4u; e++) { sums[j] = fma(vec4f(value[e]), square[e], sums[j]); }
        }
      }
    }
  }
  let start = (line * sizes.outputWidth + first_q) * sizes.outputQuads + quad;
  for (var j = 0u; j < COLUMNS; j++) {
    if (first_q + j < sizes.outputWidth) { y[start + j * sizes.outputQuads] = sums[j]; }
  }
}
