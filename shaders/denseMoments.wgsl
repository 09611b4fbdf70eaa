// What is needed of the mean and variance of channels, over chunks of rows, f32; and x copied into wider rows:
//   moments[3 p, c]     = mean over the rows r of chunk p of x[r, c] - moments[3 p + 2, c]
//   moments[3 p + 1, c] = sum over them of (x[r, c] - moments[3 p + 2, c] - moments[3 p, c])^2
//   moments[3 p + 2, c] = x[r, c] of one row r of chunk p near the mean, the pivot
//   placed[r, firstChannel + c] = x[r, c]
// A group of rows is cut into chunks by itself; p counts through all groups. Taking the pivot away keeps the digits of channels whose mean is far larger than their deviation (as in
// batchNormMoments). The chunks are joined by denseFactors or denseStatistics.
//
// One invocation computes four neighbouring channels of one chunk, row by row (Welford 1962); neighbours own
// neighbouring channels. All channel counts are in steps of four. Not unrolled: rows wait for loads and stores, not for
// arithmetic, and four at a time took twice as long to compile.
//
// launch: ceil(groups * chunks * channels / WIDTH) workgroups
// work: 32 * groups * rows * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup
alias X = vec4f;         // stored: x
alias Placed = vec4f;    // stored: placed

struct Sizes {
  // region: rows of groups in chunks
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  chunk: u32,            // rows per chunk; the last chunk of a group may have fewer
  chunks: u32,           // chunks of a group
  // end region
  channels: u32,         // channels / 4
  rowStride: u32,        // from one row of `placed` to the next; 0 leaves `placed` alone
  firstChannel: u32,     // where x starts in a row of `placed`
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;                    // [groups rows, channels]
@group(0) @binding(2) var<storage, read_write> placed: array<Placed>;    // [groups rows, rowStride]
@group(0) @binding(3) var<storage, read_write> moments: array<vec4f>;    // [groups, 3 chunks, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: chunk of a channel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.groups * sizes.chunks * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let chunk = index / sizes.channels;   // counted through all groups
  let group = chunk / sizes.chunks;
  let start = group * sizes.rows + chunk % sizes.chunks * sizes.chunk;
  let end = min(start + sizes.chunk, (group + 1u) * sizes.rows);
  // end region

  var pivot = vec4f(x[start * sizes.channels + channel]);
  var count = 0.0;
  var mean = vec4f();
  var sum_of_squares = vec4f();
  for (var row = start; row < end; row++) {
    let value = vec4f(x[row * sizes.channels + channel]);
    if (sizes.rowStride > 0u) { placed[row * sizes.rowStride + sizes.firstChannel + channel] = Placed(value); }
    // region: one more row
    let difference = value - pivot - mean;
    let is_nearer = abs(difference) < abs(mean);
    pivot = select(pivot, value, is_nearer);
    mean = select(mean, -difference, is_nearer);
    let share = 1.0 / (count + 1.0);
    mean += difference * share;
    sum_of_squares += difference * difference * (count * share);
    count += 1.0;
    // end region
  }
  let at = 3u * chunk * sizes.channels + channel;
  moments[at] = mean;
  moments[at + sizes.channels] = sum_of_squares;
  moments[at + 2u * sizes.channels] = pivot;
}
