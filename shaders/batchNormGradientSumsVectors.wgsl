// First pass of the gradient of batch normalisation: per channel over chunks of rows, f32,
//   plain[p, c]    = sum over the rows r of chunk p of dy[r, c]
//   weighted[p, c] = sum over them of dy[r, c] * (x[r, c] - mean[c]) / sqrt(variance[c] + epsilon)
//
// As batchNormGradientSums.wgsl, but one invocation computes four neighbouring channels of a chunk. All channel
// counts are in steps of four.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  channels: u32,         // channels / 4
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;                // [rows, channels]
@group(0) @binding(2) var<storage, read> mean: array<vec4f>;             // [channels]
@group(0) @binding(3) var<storage, read> variance: array<vec4f>;         // [channels]
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;               // [rows, channels]
@group(0) @binding(5) var<storage, read_write> plain: array<vec4f>;      // [chunks, channels]
@group(0) @binding(6) var<storage, read_write> weighted: array<vec4f>;   // [chunks, channels]

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
  for (; row + 2u <= end; row += 2u) {
    let at = row * stride + channel;
    let first = dy[at];
    let second = dy[at + stride];
    sums += first + second;
    products += first * (x[at] - centre) + second * (x[at + stride] - centre);
  }
  if (row < end) {
    let at = row * stride + channel;
    sums += dy[at];
    products += dy[at] * (x[at] - centre);
  }
  plain[index] = sums;
  weighted[index] = products / sqrt(variance[channel] + sizes.epsilon);
}
