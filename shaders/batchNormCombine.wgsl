// Second pass of batch normalisation: joins the chunks' moments (see batchNormMoments) in a fixed order, by Chan's formula.
//   centre[g, c]   = mean over all rows r of group g of x[r, c] - pivots[g, 0, c]
//   mean[g, c]     = pivots[g, 0, c] + centre[g, c]
//   variance[g, c] = mean over them of (x[r, c] - mean[g, c])^2, biased
//   scale[g, c]    = gamma[c] / sqrt(variance[g, c] + epsilon)
//
// pivots[g, 0, c] is overwritten with the chunks' pivot that lies nearest to the mean.
//
// LANES invocations of a workgroup share a channel of a group: each joins every LANES-th chunk, four a turn, and then they are
// joined in workgroup memory, in a tree; for GPUs, where one after the other each chunk would wait for its loads. One is alone
// with its channel: no barrier.
//
// launch: ceil(groups * channels * LANES / WIDTH) workgroups
// work: 12 * groups * chunks * channels operations

const LANES = 1u;        // knob: invocations per channel, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

const SPAN = WIDTH / LANES;

struct Sizes {
  // region: rows of groups in chunks
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  chunk: u32,            // rows per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
  // end region
  channels: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> pivots: array<f32>;     // [groups, chunks, channels]
@group(0) @binding(2) var<storage, read> offset: array<f32>;           // [groups, chunks, channels]
@group(0) @binding(3) var<storage, read> squares: array<f32>;          // [groups, chunks, channels]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;            // [channels]
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;       // [groups, channels]
@group(0) @binding(6) var<storage, read_write> variance: array<f32>;   // [groups, channels]
@group(0) @binding(7) var<storage, read_write> centre: array<f32>;     // [groups, channels]
@group(0) @binding(8) var<storage, read_write> scale: array<f32>;      // [groups, channels]

// region: joined moments
// The moments of a and b together, by Chan's formula: of each the pivot, mean minus pivot, sum of squares, count.
fn joined_moments(a: vec4f, b: vec4f) -> vec4f {
  let difference = b.x - a.x + (b.y - a.y);
  let share = b.w / (a.w + max(b.w, 1.0));
  let offset = a.y + difference * share;
  let sum_of_squares = a.z + (b.z + difference * difference * (a.w * share));
  let beyond = b.x - a.x - offset;
  let near = select(vec2f(a.x, offset), vec2f(b.x, -beyond), abs(beyond) < abs(offset));
  return vec4f(near, sum_of_squares, a.w + b.w);
}
// end region

// Pivot, mean minus pivot, sum of squares and rows of a chunk; `place` is that of the first.
fn moments_at(chunk: u32, place: u32) -> vec4f {
  let at = place + chunk * sizes.channels;
  let rows = min(sizes.chunk, sizes.rows - chunk * sizes.chunk);
  return vec4f(pivots[at], offset[at], squares[at], f32(rows));
}

// region: joined lanes of a channel
// What a lane knows of its chunks.
var<workgroup> moments_of: array<vec4f, WIDTH>;

// The moments of all lanes of a channel, joined in a tree: what lane 0 gets. There are as many with chunks as there are chunks.
fn joined_lanes(own: vec4f, place: u32, chunks: u32) -> vec4f {
  if (LANES == 1u) { return own; }
  let lane = place / SPAN;
  moments_of[place] = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half && lane + half < chunks) {
      moments_of[place] = joined_moments(moments_of[place], moments_of[place + half * SPAN]);
    }
  }
  return moments_of[place];
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: lanes of a channel
  let first = (workgroup.x + workgroup.y * grid.x) * SPAN;
  let all = sizes.groups * sizes.channels;
  if (first >= all) { return; }
  // Past the end there are no chunks and nothing is stored, so that all of a workgroup come to its barriers.
  let number = first + local.x % SPAN;
  let index = min(number, all - 1u);
  let lane = local.x / SPAN;
  let chunks = select(0u, sizes.chunks, number == index);
  let channel = index % sizes.channels;
  let group = index / sizes.channels;
  // end region

  let place = group * sizes.chunks * sizes.channels + channel;
  var own = vec4f(pivots[place + min(lane, sizes.chunks - 1u) * sizes.channels], 0.0, 0.0, 0.0);
  var chunk = lane;
  for (; LANES > 1u && chunk + 3u * LANES < chunks; chunk += 4u * LANES) {
    let a = moments_at(chunk, place);
    let b = moments_at(chunk + LANES, place);
    let c = moments_at(chunk + 2u * LANES, place);
    let d = moments_at(chunk + 3u * LANES, place);
    own = joined_moments(joined_moments(joined_moments(joined_moments(own, a), b), c), d);
  }
  for (; chunk < chunks; chunk += LANES) { own = joined_moments(own, moments_at(chunk, place)); }
  // The first pivot is read before a barrier and overwritten behind it.
  let whole = joined_lanes(own, local.x, chunks);
  if (lane > 0u || number != index) { return; }
  let biased = whole.z / f32(sizes.rows);
  pivots[place] = whole.x;
  mean[index] = whole.x + whole.y;
  variance[index] = biased;
  centre[index] = whole.y;
  scale[index] = gamma[channel] / sqrt(biased + sizes.epsilon);
}
