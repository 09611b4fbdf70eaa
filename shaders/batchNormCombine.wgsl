// Second pass of batch normalisation: joins the chunks' moments (see batchNormMoments) in order, by Chan's formula.
//   centre[g, c]   = mean over all rows r of group g of x[r, c] - pivots[g, 0, c]
//   mean[g, c]     = pivots[g, 0, c] + centre[g, c]
//   variance[g, c] = mean over them of (x[r, c] - mean[g, c])^2, biased
//   scale[g, c]    = gamma[c] / sqrt(variance[g, c] + epsilon)
//
// pivots[g, 0, c] is overwritten with the chunks' pivot that lies nearest to the mean. One invocation computes one channel
// of one group.
//
// launch: ceil(groups * channels / WIDTH) workgroups
// work: 12 * groups * chunks * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

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

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.groups * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let first = index / sizes.channels * sizes.chunks * sizes.channels + channel;

  var count = 0.0;
  var joined = 0.0;
  var sum_of_squares = 0.0;
  var pivot = pivots[first];
  for (var chunk = 0u; chunk < sizes.chunks; chunk++) {
    let rows = f32(min(sizes.chunk, sizes.rows - chunk * sizes.chunk));
    let at = first + chunk * sizes.channels;
    // region: one more chunk
    let value = pivots[at];
    let difference = value - pivot + (offset[at] - joined);
    let share = rows / (count + rows);
    joined += difference * share;
    sum_of_squares += squares[at] + difference * difference * count * share;
    count += rows;
    let beyond = value - pivot - joined;
    let is_nearer = abs(beyond) < abs(joined);
    pivot = select(pivot, value, is_nearer);
    joined = select(joined, -beyond, is_nearer);
    // end region
  }
  let biased = sum_of_squares / f32(sizes.rows);
  pivots[first] = pivot;
  mean[index] = pivot + joined;
  variance[index] = biased;
  centre[index] = joined;
  scale[index] = gamma[channel] / sqrt(biased + sizes.epsilon);
}
