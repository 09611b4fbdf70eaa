// y[row, n] = sum over k of x[row, k] * weights[k, n], f32, k and n in fours: a convolution whose windows lie side by side
//   (patches of images, 2x2 with a stride of 2 above all), or the gradient of its images where the weights are TURNED: they
//   are [n, k] then. A row is a window, and either side may lie in images: the `R` lines of a window are runs that stand
//   `width` runs apart.
//   address(row, m) = floor(row / width) * width * M + row % width * run + floor(m / run) * width * run + m % run,
// with M values a row, in runs of M / R. With one run a row that is row * M + m, a matrix. So no copy gathers or scatters
// patches.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes 8 VECTORS rows x 4 QUADS columns: each lane owns
// every eighth row and loads four of its values at a time, and a share of the weights, which go round by shuffles.
// Neighbouring workgroups own neighbouring columns.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// launch: ceil(rows / (8 * VECTORS)) * ceil(outer / QUADS) workgroups
// work: 32 * rows * inner * outer operations

enable subgroups;

const VECTORS = 4u;        // knob: rows per lane
const QUADS = 4u;          // knob: groups of four columns per workgroup
const TURNED = false;      // knob: whether the weights are [n, k]

const LANES = 8u;
const HELD = (4u * QUADS + LANES - 1u) / LANES;   // vectors of weights per lane

struct Sizes {
  rows: u32,       // windows
  width: u32,      // windows along a line of the images
  inner: u32,      // fours of k
  innerRun: u32,   // of them in a run of x
  outer: u32,      // fours of n
  outerRun: u32,   // of them in a run of y
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // rows of k, in runs
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;    // [k, n], or [n, k] where TURNED
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // rows of n, in runs

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let blocks = (sizes.outer + QUADS - 1u) / QUADS;
  let first_quad = index % blocks * QUADS;
  let first_row = index / blocks * (VECTORS * LANES);
  if (first_row >= sizes.rows) { return; }

  // Rows and columns past the edge read the last one and are dropped at the store.
  var start: array<u32, VECTORS>;
  for (var i = 0u; i < VECTORS; i++) {
    let row = min(first_row + i * LANES + lane, sizes.rows - 1u);
    start[i] = row / sizes.width * sizes.width * sizes.inner + row % sizes.width * sizes.innerRun;
  }
  // The weights this lane loads, four at once: along n, or along k where they are turned.
  var share: array<u32, HELD>;
  for (var t = 0u; t < HELD; t++) {
    let n = lane + LANES * t;
    share[t] = min(n / QUADS, 3u) * sizes.outer + min(first_quad + n % QUADS, sizes.outer - 1u);
    if (TURNED) { share[t] = min(4u * first_quad + n, 4u * sizes.outer - 1u) * sizes.inner; }
  }
  let weights_step = select(4u * sizes.outer, 1u, TURNED);

  var sums: array<array<vec4f, QUADS>, VECTORS>;
  for (var run = 0u; run < sizes.inner; run += sizes.innerRun) {
    for (var k = 0u; k < sizes.innerRun; k++) {
      var held: array<vec4f, HELD>;
      for (var t = 0u; t < HELD; t++) { held[t] = weights[(run + k) * weights_step + share[t]]; }
      var values: array<vec4f, VECTORS>;
      for (var i = 0u; i < VECTORS; i++) { values[i] = x[start[i] + run * sizes.width + k]; }
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

  // A loop over rows that is not unrolled, with the sums picked by hand: a store for each would take seconds to compile.
  let end = min(first_row + VECTORS * LANES, sizes.rows);
  for (var row = first_row + lane; row < end; row += LANES) {
    let row_start = row / sizes.width * sizes.width * sizes.outer + row % sizes.width * sizes.outerRun;
    for (var j = 0u; j < QUADS; j++) {
      var sum = sums[0][j];
      for (var i = 1u; i < VECTORS; i++) { sum = select(sum, sums[i][j], row == first_row + i * LANES + lane); }
      let n = first_quad + j;
      let column_start = n / sizes.outerRun * sizes.width * sizes.outerRun + n % sizes.outerRun;
      if (n < sizes.outer) { y[row_start + column_start] = sum; }
    }
  }
}
