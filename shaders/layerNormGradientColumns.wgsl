// The gradients of layerNorm with respect to gamma and beta, over chunks of rows, f32:
//   weighted[p, c] = sum over the rows r of chunk p of dy[r, c] h[r, c]
//   plain[p, c]    = sum over them of dy[r, c], where CENTRED is set (layer norm)
//   h[r, c] = (x[r, c] - near - offset) d,  near, offset, d from statistics[r] (see layerNormGradient)
//
// One invocation computes one (chunk, column), or four neighbouring columns of a chunk; neighbours own neighbouring
// columns, so loads coalesce.
//
// launch: ceil(chunks * channels / WIDTH) workgroups
// work: 5 * rows * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring columns at a time
const CENTRED = true;    // knob: whether there is a beta; without it plain is never written
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows in chunks
  rows: u32,
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
  // end region
  channels: u32,         // columns, in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [rows, channels]
@group(0) @binding(2) var<storage, read> dy: array<Element>;               // [rows, channels]
@group(0) @binding(3) var<storage, read> statistics: array<vec4f>;         // [rows, 4]
@group(0) @binding(4) var<storage, read_write> weighted: array<Element>;   // [chunks, channels]
@group(0) @binding(5) var<storage, read_write> plain: array<Element>;      // [chunks, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: chunk of a channel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.chunks * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let chunk = index / sizes.channels;
  let start = chunk * sizes.chunk;
  let end = min(start + sizes.chunk, sizes.rows);
  // end region
  var sum = Element();
  var products = Element();
  for (var row = start; row < end; row++) {
    let at = row * sizes.channels + channel;
    let of_row = statistics[row];
    let slope = dy[at];
    sum += slope;
    products = fma(slope, (x[at] - of_row.x - of_row.y) * of_row.z, products);
  }
  weighted[index] = products;
  if (CENTRED) { plain[index] = sum; }
}
