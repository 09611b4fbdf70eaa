// Second pass of the gradient of batch normalisation: adds the chunks' sums (see batchNormGradientSums) in order.
//   b[g, c] = sum over all chunks p of group g of plain[g, p, c]
//   a[g, c] = sum over them of weighted[g, p, c] - b[g, c] * m[g, c],  m[g, c] = sum over them of rest[g, p, c] / rows
//   dbeta[c], dgamma[c] = sum over all groups of b[g, c], a[g, c]
//   shares[g, 0, c] = b[g, c] - a[g, c] * m[g, c],  shares[g, 1, c] = a[g, c]
// m is the mean of the normalised x: what is left of it where the mean was rounded to f32.
//
// One invocation computes one channel.
//
// launch: ceil(channels / WIDTH) workgroups
// work: 3 * groups * chunks * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  channels: u32,
  chunks: u32,           // chunks of a group
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> plain: array<f32>;            // [groups, chunks, channels]
@group(0) @binding(2) var<storage, read> weighted: array<f32>;         // [groups, chunks, channels]
@group(0) @binding(3) var<storage, read> rest: array<f32>;             // [groups, chunks, channels]
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;     // [channels]
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;      // [channels]
@group(0) @binding(6) var<storage, read_write> shares: array<f32>;     // [groups, 2, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let channel = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (channel >= sizes.channels) { return; }
  var slope_of_shift = 0.0;
  var slope_of_scale = 0.0;
  for (var group = 0u; group < sizes.groups; group++) {
    let first = group * sizes.chunks * sizes.channels + channel;
    let end = first + sizes.chunks * sizes.channels;
    var sum = 0.0;
    var product = 0.0;
    var deviation = 0.0;
    for (var at = first; at < end; at += sizes.channels) {
      sum += plain[at];
      product += weighted[at];
      deviation += rest[at];
    }
    let normalised_mean = deviation / f32(sizes.rows);
    product -= sum * normalised_mean;
    slope_of_shift += sum;
    slope_of_scale += product;
    shares[2u * group * sizes.channels + channel] = sum - product * normalised_mean;
    shares[(2u * group + 1u) * sizes.channels + channel] = product;
  }
  dgamma[channel] = slope_of_scale;
  dbeta[channel] = slope_of_shift;
}
