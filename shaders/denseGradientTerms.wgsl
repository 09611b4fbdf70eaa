// Adds up chunks in a fixed order, f32: those of denseGradientSums, for each group g of rows
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
// A workgroup has either weights or channels. LANES of its invocations share a channel, PART_LANES four neighbouring weights:
// each adds up every LANES-th chunk or PART_LANES-th part, four a turn, and then they are added up in workgroup memory, in a
// tree; for GPUs, where one after the other each would wait for its loads. One is alone: no barrier.
//
// launch: ceil(quads * PART_LANES / WIDTH) + ceil(channels * LANES / WIDTH) workgroups
// work: 3 * groups * chunks * channels + 4 * quads * parts operations

const LANES = 1u;        // knob: invocations per channel, a power of two that divides WIDTH
const PART_LANES = 1u;   // knob: invocations per four weights, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

const SPAN = WIDTH / LANES;

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

// The three sums of a chunk.
fn sums_at(at: u32) -> vec4f {
  return vec4f(sums[at], sums[at + sizes.channels], sums[at + 2u * sizes.channels], 0.0);
}

// region: sum of lanes
var<workgroup> sums_of: array<vec4f, WIDTH>;

// The sum over `lanes` invocations, WIDTH / lanes apart, in a tree: what the first of them gets.
fn sum_of_lanes(own: vec4f, place: u32, lanes: u32) -> vec4f {
  if (lanes == 1u) { return own; }
  let span = WIDTH / lanes;
  // What was there is read by all before one of them writes.
  workgroupBarrier();
  sums_of[place] = own;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (place / span < half) { sums_of[place] += sums_of[place + half * span]; }
  }
  return sums_of[place];
}
// end region

// Four weights for each PART_LANES invocations of a workgroup.
fn add_weights(first: u32, place: u32) {
  let span = WIDTH / PART_LANES;
  let number = first + place % span;
  let index = min(number, sizes.quads - 1u);
  let lane = place / span;
  let parts = select(0u, sizes.parts, number == index);
  var own = vec4f();
  var part = lane;
  for (; part + 3u * PART_LANES < parts; part += 4u * PART_LANES) {
    let at = part * sizes.quads + index;
    let a = weightParts[at];
    let b = weightParts[at + PART_LANES * sizes.quads];
    let c = weightParts[at + 2u * PART_LANES * sizes.quads];
    let d = weightParts[at + 3u * PART_LANES * sizes.quads];
    own += (a + b) + (c + d);
  }
  for (; part < parts; part += PART_LANES) { own += weightParts[part * sizes.quads + index]; }
  let whole = sum_of_lanes(own, place, PART_LANES);
  if (lane == 0u && number == index) { dweight[index] = whole; }
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let of_all = workgroup.x + workgroup.y * grid.x;
  let with_weights = (sizes.quads * PART_LANES + WIDTH - 1u) / WIDTH;
  if (of_all < with_weights) {
    add_weights(of_all * (WIDTH / PART_LANES), local.x);
    return;
  }
  let workgroup_number = of_all - with_weights;
  // region: lanes of a channel of all groups
  let first = workgroup_number * SPAN;
  if (first >= sizes.channels) { return; }
  // Past the end there are no chunks and nothing is stored, so that all of a workgroup come to its barriers.
  let number = first + local.x % SPAN;
  let channel = min(number, sizes.channels - 1u);
  let lane = local.x / SPAN;
  let chunks = select(0u, sizes.chunks, number == channel);
  let is_first = lane == 0u && number == channel;
  // end region

  let stride = sizes.channels;
  var slope_of_shift = 0.0;
  var slope_of_scale = 0.0;
  for (var group = 0u; group < sizes.groups; group++) {
    let place = 3u * group * sizes.chunks * stride + channel;
    var own = vec4f();
    var chunk = lane;
    for (; LANES > 1u && chunk + 3u * LANES < chunks; chunk += 4u * LANES) {
      let at = place + chunk * 3u * stride;
      let a = sums_at(at);
      let b = sums_at(at + LANES * 3u * stride);
      let c = sums_at(at + 2u * LANES * 3u * stride);
      let d = sums_at(at + 3u * LANES * 3u * stride);
      own += (a + b) + (c + d);
    }
    for (; chunk < chunks; chunk += LANES) { own += sums_at(place + chunk * 3u * stride); }
    let whole = sum_of_lanes(own, local.x, LANES);
    if (is_first) {
      let normalised_mean = whole.z / f32(sizes.rows);
      let product = whole.y - whole.x * normalised_mean;
      slope_of_shift += whole.x;
      slope_of_scale += product;
      let share = factors[2u * group * stride + channel] / f32(sizes.rows);
      let at = 2u * group * sizes.rowStride + channel;
      var plain = share * (whole.x - product * normalised_mean);
      var weighted = share * product;
      if (sizes.startsTerms == 0u) {
        plain += terms[at];
        weighted += terms[at + sizes.rowStride];
      }
      terms[at] = plain;
      terms[at + sizes.rowStride] = weighted;
    }
  }
  if (!is_first) { return; }
  dbeta[channel] = slope_of_shift;
  dgamma[channel] = slope_of_scale;
}
