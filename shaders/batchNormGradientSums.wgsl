// First pass of the gradient of batch normalisation: per channel over chunks of rows, f32,
//   plain[p, c]    = sum over the rows r of chunk p of dy[r, c]
//   weighted[p, c] = sum over them of dy[r, c] * (x[r, c] - mean[c]) / sqrt(variance[c] + epsilon)
//
// One invocation computes one (chunk, channel); neighbours own neighbouring channels, so loads coalesce.
// Four rows a turn keep eight loads in flight.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  channels: u32,
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;                // [rows, channels]
@group(0) @binding(2) var<storage, read> mean: array<f32>;             // [channels]
@group(0) @binding(3) var<storage, read> variance: array<f32>;         // [channels]
@group(0) @binding(4) var<storage, read> dy: array<f32>;               // [rows, channels]
@group(0) @binding(5) var<storage, read_write> plain: array<f32>;      // [chunks, channels]
@group(0) @binding(6) var<storage, read_write> weighted: array<f32>;   // [chunks, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let stride = sizes.channels;
  if (index >= sizes.chunks * stride) { return; }
  let channel = index % stride;
  var row = index / stride * sizes.chunk;
  let end = min(row + sizes.chunk, sizes.rows);
  let centre = mean[channel];

  var sums = vec4f();
  var products = vec4f();
  for (; row + 4u <= end; row += 4u) {
    let at = row * stride + channel;
    let values = vec4f(x[at], x[at + stride], x[at + 2u * stride], x[at + 3u * stride]);
    let slopes = vec4f(dy[at], dy[at + stride], dy[at + 2u * stride], dy[at + 3u * stride]);
    sums += slopes;
    products = fma(slopes, values - centre, products);
  }
  for (; row < end; row++) {
    let at = row * stride + channel;
    sums.x += dy[at];
    products.x = fma(dy[at], x[at] - centre, products.x);
  }
  plain[index] = dot(sums, vec4f(1.0));
  weighted[index] = dot(products, vec4f(1.0)) / sqrt(variance[channel] + sizes.epsilon);
}
