// First pass of the gradient of batch normalisation: per channel over chunks of rows, f32,
//   plain[p, c]    = sum over the rows r of chunk p of dy[r, c]
//   weighted[p, c] = sum over them of dy[r, c] * h[r, c],  h[r, c] = (x[r, c] - mean[c]) / sqrt(variance[c] + epsilon)
//   rest[p, c]     = sum over them of h[r, c]: nothing, but for what the mean lost when it was rounded to f32
// with mean and variance those of the group of rows that r is in; p counts the chunks of all groups.
//
// LANES invocations of a workgroup compute one (chunk, channel), or four neighbouring channels of a chunk; neighbours own
// neighbouring channels, so loads coalesce. Each lane takes every LANES-th row, and the lanes are added up in workgroup memory:
// for GPUs, which need more loads in flight than there are chunks, and so load four rows before they look at the first. One
// lane is alone with its chunk: no barrier, and two rows a turn.
//
// launch: ceil(groups * chunks * channels * LANES / WIDTH) workgroups
// work: 5 * groups * rows * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const LANES = 1u;        // knob: invocations per chunk of a channel, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

const SPAN = WIDTH / LANES;

struct Sizes {
  // region: rows of groups in chunks
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  chunk: u32,            // rows per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
  // end region
  channels: u32,         // in Elements
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [groups rows, channels]
@group(0) @binding(2) var<storage, read> mean: array<Element>;             // [groups, channels]
@group(0) @binding(3) var<storage, read> variance: array<Element>;         // [groups, channels]
@group(0) @binding(4) var<storage, read> dy: array<Element>;               // [groups rows, channels]
@group(0) @binding(5) var<storage, read_write> plain: array<Element>;      // [groups chunks, channels]
@group(0) @binding(6) var<storage, read_write> weighted: array<Element>;   // [groups chunks, channels]
@group(0) @binding(7) var<storage, read_write> rest: array<Element>;       // [groups chunks, channels]

var<workgroup> lane_sums: array<Element, WIDTH>;
var<workgroup> lane_products: array<Element, WIDTH>;
var<workgroup> lane_deviations: array<Element, WIDTH>;

// region: sums of lanes
// Adds up the lanes of each chunk in a tree: in the end lane 0 has the sum of all.
fn add_lanes(place: u32) {
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (place / SPAN < half) {
      let other = place + half * SPAN;
      lane_sums[place] += lane_sums[other];
      lane_products[place] += lane_products[other];
      lane_deviations[place] += lane_deviations[other];
    }
  }
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: lanes of a chunk
  let first = (workgroup.x + workgroup.y * grid.x) * SPAN;
  let all = sizes.groups * sizes.chunks * sizes.channels;
  if (first >= all) { return; }
  // Past the end there are no rows and nothing is stored, so that all of a workgroup come to its barriers.
  let number = first + local.x % SPAN;
  let index = min(number, all - 1u);
  let lane = local.x / SPAN;
  let channel = index % sizes.channels;
  let chunk = index / sizes.channels;   // counted through all groups
  let group = chunk / sizes.chunks;
  let start = group * sizes.rows + chunk % sizes.chunks * sizes.chunk;
  let end = select(start, min(start + sizes.chunk, (group + 1u) * sizes.rows), number == index);
  // end region
  let norm = group * sizes.channels + channel;
  let centre = mean[norm];
  let stride = LANES * sizes.channels;

  var sum = Element();
  var product = Element();
  var deviation = Element();
  var row = start + lane;
  for (; LANES > 1u && row + 3u * LANES < end; row += 4u * LANES) {
    let at = row * sizes.channels + channel;
    let slope_a = dy[at];
    let slope_b = dy[at + stride];
    let slope_c = dy[at + 2u * stride];
    let slope_d = dy[at + 3u * stride];
    let value_a = x[at];
    let value_b = x[at + stride];
    let value_c = x[at + 2u * stride];
    let value_d = x[at + 3u * stride];
    let a = value_a - centre;
    let b = value_b - centre;
    let c = value_c - centre;
    let d = value_d - centre;
    sum += (slope_a + slope_b) + (slope_c + slope_d);
    product += (slope_a * a + slope_b * b) + (slope_c * c + slope_d * d);
    deviation += (a + b) + (c + d);
  }
  for (; row + LANES < end; row += 2u * LANES) {
    let at = row * sizes.channels + channel;
    let slope_a = dy[at];
    let slope_b = dy[at + stride];
    let a = x[at] - centre;
    let b = x[at + stride] - centre;
    sum += slope_a + slope_b;
    product += slope_a * a + slope_b * b;
    deviation += a + b;
  }
  if (row < end) {
    let at = row * sizes.channels + channel;
    let slope = dy[at];
    let a = x[at] - centre;
    sum += slope;
    product += slope * a;
    deviation += a;
  }
  // region: lanes are added up
  if (LANES > 1u) {
    lane_sums[local.x] = sum;
    lane_products[local.x] = product;
    lane_deviations[local.x] = deviation;
    add_lanes(local.x);
    sum = lane_sums[local.x];
    product = lane_products[local.x];
    deviation = lane_deviations[local.x];
  }
  if (lane > 0u || number != index) { return; }
  // end region
  plain[index] = sum;
  let inverse = 1.0 / sqrt(variance[norm] + sizes.epsilon);
  weighted[index] = product * inverse;
  rest[index] = deviation * inverse;
}
