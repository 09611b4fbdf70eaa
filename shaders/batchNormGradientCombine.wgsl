// Second pass of the gradient of batch normalisation: adds the chunks' sums (see batchNormGradientSums) in a fixed order.
//   b[g, c] = sum over all chunks p of group g of plain[g, p, c]
//   a[g, c] = sum over them of weighted[g, p, c] - b[g, c] * m[g, c],  m[g, c] = sum over them of rest[g, p, c] / rows
//   dbeta[c], dgamma[c] = sum over all groups of b[g, c], a[g, c]
//   shares[g, 0, c] = b[g, c] - a[g, c] * m[g, c],  shares[g, 1, c] = a[g, c]
// m is the mean of the normalised x: what is left of it where the mean was rounded to f32.
//
// LANES invocations of a workgroup share a channel: each adds up every LANES-th chunk, four a turn, and then they are added up
// in workgroup memory, in a tree; for GPUs, where one after the other each chunk would wait for its loads. One is alone with its
// channel: no barrier.
//
// launch: ceil(channels * LANES / WIDTH) workgroups
// work: 3 * groups * chunks * channels operations

const LANES = 1u;        // knob: invocations per channel, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

const SPAN = WIDTH / LANES;

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

// The three sums of a chunk.
fn sums_at(at: u32) -> vec4f {
  return vec4f(plain[at], weighted[at], rest[at], 0.0);
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

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let workgroup_number = workgroup.x + workgroup.y * grid.x;
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

  var slope_of_shift = 0.0;
  var slope_of_scale = 0.0;
  for (var group = 0u; group < sizes.groups; group++) {
    let place = group * sizes.chunks * sizes.channels + channel;
    var own = vec4f();
    var chunk = lane;
    for (; LANES > 1u && chunk + 3u * LANES < chunks; chunk += 4u * LANES) {
      let at = place + chunk * sizes.channels;
      let a = sums_at(at);
      let b = sums_at(at + LANES * sizes.channels);
      let c = sums_at(at + 2u * LANES * sizes.channels);
      let d = sums_at(at + 3u * LANES * sizes.channels);
      own += (a + b) + (c + d);
    }
    for (; chunk < chunks; chunk += LANES) { own += sums_at(place + chunk * sizes.channels); }
    let whole = sum_of_lanes(own, local.x, LANES);
    if (is_first) {
      let normalised_mean = whole.z / f32(sizes.rows);
      let product = whole.y - whole.x * normalised_mean;
      slope_of_shift += whole.x;
      slope_of_scale += product;
      shares[2u * group * sizes.channels + channel] = whole.x - product * normalised_mean;
      shares[(2u * group + 1u) * sizes.channels + channel] = product;
    }
  }
  if (!is_first) { return; }
  dgamma[channel] = slope_of_scale;
  dbeta[channel] = slope_of_shift;
}
