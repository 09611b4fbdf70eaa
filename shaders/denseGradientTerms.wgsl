// Adds up chunks in order, f32: those of denseGradientSums, for each group g of rows
//   m[g, c] = sum over the chunks p of the group of sums[g, 3 p + 2, c] / rows
//   b[g, c] = sum over them of sums[g, 3 p, c]
//   a[g, c] = sum over them of sums[g, 3 p + 1, c] - b[g, c] * m[g, c]
//   terms[g, 0, c] += scale[g, c] (b[g, c] - a[g, c] * m[g, c]) / rows
//   terms[g, 1, c] += scale[g, c] a[g, c] / rows
//   dbeta[c], dgamma[c] = sum over all groups of b[g, c], a[g, c]
// (m is what is left of the mean of the normalised x where the mean was rounded to f32, as in batchNormGradientCombine)
// and, in the same launch, those of a weight gradient (as sumChunks):
//   dweight[i] = sum over all parts p of weightParts[p, i]
//
// One invocation computes four neighbouring weights, or one channel.
//
// launch: ceil((channels + quads) / WIDTH) workgroups
// work: 3 * groups * chunks * channels + 4 * quads * parts operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  channels: u32,
  chunks: u32,           // chunks of a group
  rowStride: u32,        // channels of a row of `terms`
  quads: u32,            // weights / 4; 0 where there are none to add up
  parts: u32,
  startsTerms: u32,      // 1 where `terms` start here, at zero
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> sums: array<f32>;              // [groups, 3 chunks, channels]
@group(0) @binding(2) var<storage, read> factors: array<f32>;           // [groups, 2, channels]: scale, shift
@group(0) @binding(3) var<storage, read> weightParts: array<vec4f>;     // [parts, quads * 4]
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;      // [channels]
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;       // [channels]
@group(0) @binding(6) var<storage, read_write> terms: array<f32>;       // [groups, 2, rowStride]
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
  var slope_of_shift = 0.0;
  var slope_of_scale = 0.0;
  for (var group = 0u; group < sizes.groups; group++) {
    let first = 3u * group * sizes.chunks * stride + channel;
    let end = first + 3u * sizes.chunks * stride;
    var sum = 0.0;
    var product = 0.0;
    var deviation = 0.0;
    for (var at = first; at < end; at += 3u * stride) {
      sum += sums[at];
      product += sums[at + stride];
      deviation += sums[at + 2u * stride];
    }
    let normalised_mean = deviation / f32(sizes.rows);
    product -= sum * normalised_mean;
    slope_of_shift += sum;
    slope_of_scale += product;
    let share = factors[2u * group * stride + channel] / f32(sizes.rows);
    let at = 2u * group * sizes.rowStride + channel;
    var plain = share * (sum - product * normalised_mean);
    var weighted = share * product;
    if (sizes.startsTerms == 0u) {
      plain += terms[at];
      weighted += terms[at + sizes.rowStride];
    }
    terms[at] = plain;
    terms[at + sizes.rowStride] = weighted;
  }
  dbeta[channel] = slope_of_shift;
  dgamma[channel] = slope_of_scale;
}
