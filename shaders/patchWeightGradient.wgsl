// parts[chunk, m, n] = sum over the rows of the chunk of x[row, m] * dy[row, n], f32, m and n in fours. Added up over the
//   chunks (sumChunks), this is the gradient of the weights of a convolution whose windows lie side by side (patches of
//   images, 2x2 with a stride of 2 above all). A row is a window; the rows of x lie in images, where the lines of a window
//   are runs that stand `width` runs apart:
//   address(row, m) = floor(row / width) * width * M + row % width * run + floor(m / run) * width * run + m % run,
// with M values a row, in runs of M / R. With one run a row that is row * M + m, a matrix. So no copy gathers patches.
//
// A workgroup is one subgroup of 8 (or a part of a larger one). A lane owns VECTORS groups of four m, and computes 4 QUADS n
// of each: it walks along the lines of windows; the values of dy are loaded in shares and go round by shuffles.
// Neighbouring workgroups own neighbouring n, then m, then chunks.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// launch: chunks * ceil(inner / (8 * VECTORS)) * ceil(outer / QUADS) workgroups
// work: 32 * lines * width * inner * outer operations

enable subgroups;

const VECTORS = 2u;        // knob: groups of four m per lane
const QUADS = 4u;          // knob: groups of four n per workgroup, at most 4

const LANES = 8u;

struct Sizes {
  lines: u32,      // lines of windows, of all images
  width: u32,      // windows along a line
  inner: u32,      // fours of m
  innerRun: u32,   // of them in a run of x
  outer: u32,      // fours of n
  chunk: u32,      // lines per chunk; the last chunk may have fewer
  chunks: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;              // rows of m, in runs
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;             // [row, n]
@group(0) @binding(3) var<storage, read_write> parts: array<vec4f>;    // [chunks, m, n]

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let blocks_across = (sizes.outer + QUADS - 1u) / QUADS;
  let blocks_down = (sizes.inner + LANES * VECTORS - 1u) / (LANES * VECTORS);
  let first_quad = index % blocks_across * QUADS;
  let first = index / blocks_across % blocks_down * (LANES * VECTORS) + lane;
  let chunk = index / blocks_across / blocks_down;
  if (chunk >= sizes.chunks) { return; }

  // What lies past the edge reads the last one and is dropped at the store.
  var place: array<u32, VECTORS>;
  for (var i = 0u; i < VECTORS; i++) {
    let m = min(first + i * LANES, sizes.inner - 1u);
    place[i] = m / sizes.innerRun * sizes.width * sizes.innerRun + m % sizes.innerRun;
  }
  // Lanes 0 to 3 load the first window of a pair, lanes 4 to 7 the second.
  let dy_quad = min(first_quad + lane % 4u, sizes.outer - 1u);

  var sums: array<array<array<vec4f, 4>, QUADS>, VECTORS>;
  let end_line = min((chunk + 1u) * sizes.chunk, sizes.lines);
  let last_row = end_line * sizes.width - 1u;
  for (var line = chunk * sizes.chunk; line < end_line; line++) {
    let line_start = line * sizes.width * sizes.inner;
    for (var q = 0u; q < sizes.width; q += 2u) {
      let held = dy[min(line * sizes.width + q + lane / 4u, last_row) * sizes.outer + dy_quad];
      for (var second = 0u; second < min(2u, sizes.width - q); second++) {
        var values: array<vec4f, VECTORS>;
        for (var i = 0u; i < VECTORS; i++) {
          values[i] = x[line_start + (q + second) * sizes.innerRun + place[i]];
        }
        for (var j = 0u; j < QUADS; j++) {
          var column: vec4f;
          for (var d = 0u; d < 4u; d++) { column[d] = subgroupShuffle(held[d], 4u * second + j); }
          for (var i = 0u; i < VECTORS; i++) {
            for (var e = 0u; e < 4u; e++) { sums[i][j][e] = fma(vec4f(values[i][e]), column, sums[i][j][e]); }
          }
        }
      }
    }
  }

  // A loop over rows that is not unrolled, with the sums picked by hand: a store for each would take seconds to compile.
  let mine = select(0u, min(VECTORS, (sizes.inner - first + LANES - 1u) / LANES), first < sizes.inner);
  for (var n = 0u; n < 4u * mine; n++) {
    let row = (chunk * sizes.inner + first + n / 4u * LANES) * 4u + n % 4u;
    for (var j = 0u; j < QUADS; j++) {
      var sum = sums[0][j][0];
      for (var i = 0u; i < VECTORS; i++) {
        for (var e = 0u; e < 4u; e++) { sum = select(sum, sums[i][j][e], n == 4u * i + e); }
      }
      if (first_quad + j < sizes.outer) { parts[row * sizes.outer + first_quad + j] = sum; }
    }
  }
}
