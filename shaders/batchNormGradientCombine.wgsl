// Second pass of the gradient of batch normalisation: adds the chunks' sums (see batchNormGradientSums) in order.
//   dbeta[c]  = sum over all chunks p of plain[p, c]
//   dgamma[c] = sum over all chunks p of weighted[p, c] - dbeta[c] * m[c],  m[c] = sum over them of rest[p, c] / rows
//   share[c]  = dbeta[c] - dgamma[c] * m[c]
// m is the mean of the normalised x: what is left of it where the mean was rounded to f32.
//
// One invocation computes one channel.
//
// launch: ceil(channels / WIDTH) workgroups
// work: 3 * chunks * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  channels: u32,
  chunks: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> plain: array<f32>;            // [chunks, channels]
@group(0) @binding(2) var<storage, read> weighted: array<f32>;         // [chunks, channels]
@group(0) @binding(3) var<storage, read> rest: array<f32>;             // [chunks, channels]
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;     // [channels]
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;      // [channels]
@group(0) @binding(6) var<storage, read_write> share: array<f32>;      // [channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let channel = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (channel >= sizes.channels) { return; }
  var sum = 0.0;
  var product = 0.0;
  var deviation = 0.0;
  for (var at = channel; at < sizes.chunks * sizes.channels; at += sizes.channels) {
    sum += plain[at];
    product += weighted[at];
    deviation += rest[at];
  }
  let normalised_mean = deviation / f32(sizes.rows);
  product -= sum * normalised_mean;
  dgamma[channel] = product;
  dbeta[channel] = sum;
  share[channel] = sum - product * normalised_mean;
}
