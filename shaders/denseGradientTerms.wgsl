// Adds up chunks in order, f32: those of denseGradientSums,
//   m[c]      = sum over all chunks p of sums[3 p + 2, c] / rows
//   dbeta[c]  = sum over all chunks p of sums[3 p, c]
//   dgamma[c] = sum over all chunks p of sums[3 p + 1, c] - dbeta[c] * m[c]
//   terms[0, c] += scale[c] (dbeta[c] - dgamma[c] * m[c]) / rows
//   terms[1, c] += scale[c] dgamma[c] / rows
// (m is what is left of the mean of the normalised x where the mean was rounded to f32, as in batchNormGradientCombine)
// and, in the same launch, those of a weight gradient (as sumChunks):
//   dweight[i] = sum over all parts p of weightParts[p, i]
//
// One invocation computes four neighbouring weights, or one channel.
//
// launch: ceil((channels + quads) / WIDTH) workgroups
// work: 3 * chunks * channels + 4 * quads * parts operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  channels: u32,
  chunks: u32,
  rowStride: u32,        // channels of a row of `terms`
  quads: u32,            // weights / 4; 0 where there are none to add up
  parts: u32,
  startsTerms: u32,      // 1 where `terms` start here, at zero
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> sums: array<f32>;              // [3 chunks, channels]
@group(0) @binding(2) var<storage, read> factors: array<f32>;           // [2, channels]: scale, shift
@group(0) @binding(3) var<storage, read> weightParts: array<vec4f>;     // [parts, quads * 4]
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;      // [channels]
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;       // [channels]
@group(0) @binding(6) var<storage, read_write> terms: array<f32>;       // [2, rowStride]
@group(0) @binding(7) var<storage, read_write> dweight: array<vec4f>;   // [quads * 4]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index < sizes.quads) {
    var weights = vec4f();
    for (var part = 0u; part < sizes.parts; part++) { weights += weightParts[part * sizes.quads + index]; }
    dweight[index] = weights;
    return;
  }
  let channel = index - sizes.quads;
  if (channel >= sizes.channels) { return; }
  let stride = sizes.channels;
  let end = 3u * sizes.chunks * stride;
  var sum = 0.0;
  var product = 0.0;
  var deviation = 0.0;
  for (var at = channel; at < end; at += 3u * stride) {
    sum += sums[at];
    product += sums[at + stride];
    deviation += sums[at + 2u * stride];
  }
  let normalised_mean = deviation / f32(sizes.rows);
  product -= sum * normalised_mean;
  dbeta[channel] = sum;
  dgamma[channel] = product;
  let share = factors[channel] / f32(sizes.rows);
  var plain = share * (sum - product * normalised_mean);
  var weighted = share * product;
  if (sizes.startsTerms == 0u) {
    plain += terms[channel];
    weighted += terms[sizes.rowStride + channel];
  }
  terms[channel] = plain;
  terms[sizes.rowStride + channel] = weighted;
}
