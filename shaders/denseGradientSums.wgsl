// The way back through ReLU and one batch norm, as far as a single look at the rows leads, f32:
//   g[r, c] = da[r, c] where x[r, c] * scale[c] + shift[c] > 0, else 0
//   sums[3 p, c]     = sum over the rows r of chunk p of g[r, c]
//   sums[3 p + 1, c] = sum over them of g[r, c] * h[r, c],  h = (x - mean) / sqrt(variance + epsilon)
//   sums[3 p + 2, c] = sum over them of h[r, c]: nothing, but for what the mean lost when it was rounded to f32
//   collected[r, c] += scale[c] g[r, c]
// with mean, variance, scale and shift those of the group of rows that r is in; p counts the chunks of all groups.
// What is missing from the gradient of x, -(terms[0] + h terms[1]) of denseGradientTerms, is the same for all who read
// a channel but for a factor, so that it is taken away once, by denseGradientCorrect.
//
// LANES invocations of a workgroup compute four neighbouring channels of one chunk; neighbours own neighbouring channels. All
// channel counts are in steps of four. Each lane takes every LANES-th row, and the lanes are added up in workgroup memory: for
// GPUs, which need more loads in flight than there are chunks, and so load four rows before they look at the first. One lane
// is alone with its chunk: no barrier, and one row a turn.
//
// launch: ceil(groups * chunks * channels * LANES / WIDTH) workgroups
// work: 36 * groups * rows * channels operations

const LANES = 1u;        // knob: invocations per chunk of a channel, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup
alias X = vec4f;         // stored: x
alias Dy = vec4f;        // stored: da and dy

const LEAVE = 0u;        // value of collect: `collected` is left alone
const ADD = 1u;          // value of collect: it is added to
const START = 2u;        // value of collect: it starts as dy

const SPAN = WIDTH / LANES;

struct Sizes {
  // region: rows of groups in chunks
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  chunk: u32,            // rows per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
  // end region
  channels: u32,         // channels / 4 that this batch norm reads
  rowStride: u32,        // channels / 4 of a row of x
  collect: u32,          // what happens to `collected`
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> da: array<Dy>;                    // [groups rows, channels]
@group(0) @binding(2) var<storage, read> x: array<X>;                      // [groups rows, rowStride]
@group(0) @binding(3) var<storage, read> statistics: array<vec4f>;         // [groups, 2, rowStride]: mean, variance
@group(0) @binding(4) var<storage, read> factors: array<vec4f>;            // [groups, 2, channels]: scale, shift
@group(0) @binding(5) var<storage, read> dy: array<Dy>;                    // [groups rows, rowStride], read where it starts
@group(0) @binding(6) var<storage, read_write> collected: array<vec4f>;    // [groups rows, rowStride]
@group(0) @binding(7) var<storage, read_write> sums: array<vec4f>;         // [groups, 3 chunks, channels]

var<workgroup> lane_sums: array<vec4f, WIDTH>;
var<workgroup> lane_products: array<vec4f, WIDTH>;
var<workgroup> lane_deviations: array<vec4f, WIDTH>;

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
  // region: batch norm of a channel
  let mean = statistics[2u * group * sizes.rowStride + channel];
  let inverse = 1.0 / sqrt(statistics[(2u * group + 1u) * sizes.rowStride + channel] + sizes.epsilon);
  let scale = factors[2u * group * sizes.channels + channel];
  let shift = factors[(2u * group + 1u) * sizes.channels + channel];
  // end region

  var sum = vec4f();
  var product = vec4f();
  var deviation = vec4f();
  var row = start + lane;
  for (; LANES > 1u && row + 3u * LANES < end; row += 4u * LANES) {
    // All loads before the first use, so that none waits for another: also those behind the branches.
    let at = row * sizes.rowStride + channel;
    let stride = LANES * sizes.rowStride;
    let value_a = vec4f(x[at]);
    let value_b = vec4f(x[at + stride]);
    let value_c = vec4f(x[at + 2u * stride]);
    let value_d = vec4f(x[at + 3u * stride]);
    let source = row * sizes.channels + channel;
    let step = LANES * sizes.channels;
    let slope_a = vec4f(da[source]);
    let slope_b = vec4f(da[source + step]);
    let slope_c = vec4f(da[source + 2u * step]);
    let slope_d = vec4f(da[source + 3u * step]);
    var before_a = vec4f();
    var before_b = vec4f();
    var before_c = vec4f();
    var before_d = vec4f();
    if (sizes.collect == ADD) {
      before_a = collected[at];
      before_b = collected[at + stride];
      before_c = collected[at + 2u * stride];
      before_d = collected[at + 3u * stride];
    }
    if (sizes.collect == START) {
      before_a = vec4f(dy[at]);
      before_b = vec4f(dy[at + stride]);
      before_c = vec4f(dy[at + 2u * stride]);
      before_d = vec4f(dy[at + 3u * stride]);
    }
    let a = select(vec4f(), slope_a, fma(value_a, scale, shift) > vec4f());
    let b = select(vec4f(), slope_b, fma(value_b, scale, shift) > vec4f());
    let c = select(vec4f(), slope_c, fma(value_c, scale, shift) > vec4f());
    let d = select(vec4f(), slope_d, fma(value_d, scale, shift) > vec4f());
    sum += (a + b) + (c + d);
    product += fma(a, value_a - mean, b * (value_b - mean)) + fma(c, value_c - mean, d * (value_d - mean));
    deviation += ((value_a - mean) + (value_b - mean)) + ((value_c - mean) + (value_d - mean));
    if (sizes.collect != LEAVE) {
      collected[at] = fma(scale, a, before_a);
      collected[at + stride] = fma(scale, b, before_b);
      collected[at + 2u * stride] = fma(scale, c, before_c);
      collected[at + 3u * stride] = fma(scale, d, before_d);
    }
  }
  for (; row < end; row += LANES) {
    // region: gradient through ReLU
    let at = row * sizes.rowStride + channel;
    let value = vec4f(x[at]);
    let g = select(vec4f(), vec4f(da[row * sizes.channels + channel]), fma(value, scale, shift) > vec4f());
    sum += g;
    product = fma(g, value - mean, product);
    deviation += value - mean;
    // end region
    var before = vec4f();
    if (sizes.collect == ADD) { before = collected[at]; }
    if (sizes.collect == START) { before = vec4f(dy[at]); }
    if (sizes.collect != LEAVE) { collected[at] = fma(scale, g, before); }
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
  let at = 3u * chunk * sizes.channels + channel;
  sums[at] = sum;
  sums[at + sizes.channels] = product * inverse;
  sums[at + 2u * sizes.channels] = deviation * inverse;
}
