// products[i, t, k] = sum over c of v[i, t, c] * u[i, c, k] for each of the 16 places i of a tile, f32, C and K multiples of four: the
// multiplications of a convolution by Winograd's F(2x2, 3x3), 16 for four pixels instead of 36.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 32 neighbouring tiles x 32 neighbouring output
// channels of a place as outer products, as conv2dOuterProducts does, which says why. Neighbouring workgroups own
// neighbouring output channels.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// launch: 16 * ceil(tiles / 32) * ceil(outputChannels / 32) workgroups
// work: 32 * tiles * outputChannels * channels operations

enable subgroups;

const LANES = 8u;
const LOADS = 4u;          // tiles per lane
const ROWS = LANES * LOADS;

alias Y = vec4f;

struct Sizes {
  tiles: u32,            // T
  channels: u32,         // C
  outputChannels: u32,   // K
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> v: array<vec4f>;            // [16, T, C]
@group(0) @binding(2) var<storage, read> u: array<vec4f>;            // [16, C, K]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;      // [16, T, K], products

// region: products of eight pixels
// Adds the products of eight pixels, one in each lane, with this lane's four output channels.
fn add_products(sums: ptr<function, array<vec4f, LANES>>, pixel: vec4f, across: mat4x4f) {
  for (var r = 0u; r < LANES; r++) {
    for (var k = 0u; k < 4u; k++) {
      sums[r] = fma(vec4f(subgroupShuffle(pixel[k], r)), across[k], sums[r]);
    }
  }
}
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
  let blocks = (quads + LANES - 1u) / LANES;
  let runs = (sizes.tiles + ROWS - 1u) / ROWS;      // of a place
  let quad = index % blocks * LANES + lane;
  let place = index / blocks / runs;
  if (place >= 16u) { return; }
  let first_pixel = place * sizes.tiles + index / blocks % runs * ROWS;
  let pixels = (place + 1u) * sizes.tiles;          // where the place ends

  // Tiles and channels past the edge repeat the last one and are dropped at the store.
  var v_at: array<u32, LOADS>;
  for (var i = 0u; i < LOADS; i++) { v_at[i] = min(first_pixel + LANES * i + lane, pixels - 1u) * inner; }
  let own_quad = min(quad, quads - 1u);
  let u_at = place * sizes.channels * quads + own_quad;

  var sums0: array<vec4f, LANES>;
  var sums1: array<vec4f, LANES>;
  var sums2: array<vec4f, LANES>;
  var sums3: array<vec4f, LANES>;
  for (var c = 0u; c < inner; c++) {
    var down: array<vec4f, LOADS>;
    for (var i = 0u; i < LOADS; i++) { down[i] = v[v_at[i] + c]; }
    var across: mat4x4f;
    for (var k = 0u; k < 4u; k++) { across[k] = u[u_at + (4u * c + k) * quads]; }
    // region: products of all pixels
    add_products(&sums0, down[0], across);
    add_products(&sums1, down[1], across);
    add_products(&sums2, down[2], across);
    add_products(&sums3, down[3], across);
    // end region
  }

  // region: sums of all pixels
  // A loop that is not unrolled, with the sums picked by hand: a store for each of them would take seconds to compile.
  let end = min(first_pixel + ROWS, pixels);
  for (var r = 0u; r < LANES; r++) {
    var picked: array<vec4f, LOADS>;
    for (var k = 0u; k < LANES; k++) {
      picked[0] = select(picked[0], sums0[k], r == k);
      picked[1] = select(picked[1], sums1[k], r == k);
      picked[2] = select(picked[2], sums2[k], r == k);
      picked[3] = select(picked[3], sums3[k], r == k);
    }
    for (var pixel = first_pixel + r; pixel < end; pixel += LANES) {
      var sum = vec4f();
      for (var i = 0u; i < LOADS; i++) { sum = select(sum, picked[i], pixel == first_pixel + LANES * i + r); }
      if (quad < quads) { y[pixel * quads + quad] = Y(sum); }
    }
  }
  // end region
}
