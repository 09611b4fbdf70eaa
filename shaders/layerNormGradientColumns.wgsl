// The gradients of layerNorm with respect to x, and with respect to gamma and beta over chunks of rows, f32:
//   dx[r, c] = d[r] (g[r, c] - mean of g[r] - h[r, c] mean of g[r] h[r]),  g[r, c] = dy[r, c] gamma[c]
//   weighted[p, c] = sum over the rows r of chunk p of dy[r, c] h[r, c]
//   plain[p, c]    = sum over them of dy[r, c], where CENTRED is set (layer norm)
//   h[r, c] = (x[r, c] - near - offset) d[r]; what belongs to a row is in statistics[r] (see layerNormGradientRows)
//
// One invocation computes COLUMNS columns (or fours of columns) of one chunk, so that what belongs to a row is loaded once
// for all of them; neighbours own neighbouring columns, so loads coalesce.
//
// launch: ceil(chunks * ceil(columns / COLUMNS) / WIDTH) workgroups
// work: 10 * rows * columns * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring columns at a time
const CENTRED = true;    // knob: whether there is a beta; without it plain is never written
const COLUMNS = 1u;      // knob: Elements of a row per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
  columns: u32,          // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [rows, columns]
@group(0) @binding(2) var<storage, read> gamma: array<Element>;            // [columns]
@group(0) @binding(3) var<storage, read> dy: array<Element>;               // [rows, columns]
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;         // [rows, 8]
@group(0) @binding(5) var<storage, read_write> dx: array<Element>;         // [rows, columns]
@group(0) @binding(6) var<storage, read_write> weighted: array<Element>;   // [chunks, columns]
@group(0) @binding(7) var<storage, read_write> plain: array<Element>;      // [chunks, columns]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let across = (sizes.columns + COLUMNS - 1u) / COLUMNS;
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.chunks * across) { return; }
  let first = index % across;
  let chunk = index / across;
  let start = chunk * sizes.chunk;
  let end = min(start + sizes.chunk, sizes.rows);
  var factor: array<Element, COLUMNS>;
  var slopes: array<Element, COLUMNS>;
  var products: array<Element, COLUMNS>;
  for (var i = 0u; i < COLUMNS; i++) { factor[i] = gamma[min(first + i * across, sizes.columns - 1u)]; }
  for (var row = start; row < end; row++) {
    let of_row = statistics[2u * row];
    let mean_product = statistics[2u * row + 1u].x;
    for (var i = 0u; i < COLUMNS; i++) {
      let column = first + i * across;
      let at = row * sizes.columns + min(column, sizes.columns - 1u);
      let slope = dy[at];
      let normalised = (x[at] - of_row.x - of_row.y) * of_row.z;
      slopes[i] += slope;
      products[i] = fma(slope, normalised, products[i]);
      if (column < sizes.columns) {
        dx[at] = (slope * factor[i] - of_row.w - normalised * mean_product) * of_row.z;
      }
    }
  }
  for (var i = 0u; i < COLUMNS; i++) {
    let column = first + i * across;
    if (column < sizes.columns) {
      weighted[chunk * sizes.columns + column] = products[i];
      if (CENTRED) { plain[chunk * sizes.columns + column] = slopes[i]; }
    }
  }
}
