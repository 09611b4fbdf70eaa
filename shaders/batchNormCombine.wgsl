// Second pass of batch normalisation: joins the chunks' moments (see batchNormMoments) in order, by Chan's formula.
//   centre[c]   = mean over all rows of x[r, c] - pivots[0, c]
//   mean[c]     = pivots[0, c] + centre[c]
//   variance[c] = mean over all rows of (x[r, c] - mean[c])^2, biased
//   scale[c]    = gamma[c] / sqrt(variance[c] + epsilon)
//
// pivots[0, c] is overwritten with the chunks' pivot that lies nearest to the mean. One invocation computes one channel.
//
// launch: ceil(channels / WIDTH) workgroups
// work: 12 * chunks * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: rows in chunks
  rows: u32,
  chunk: u32,            // rows per chunk; the last chunk may have fewer
  chunks: u32,
  // end region
  channels: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> pivots: array<f32>;     // [chunks, channels]
@group(0) @binding(2) var<storage, read> offset: array<f32>;           // [chunks, channels]
@group(0) @binding(3) var<storage, read> squares: array<f32>;          // [chunks, channels]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;            // [channels]
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;       // [channels]
@group(0) @binding(6) var<storage, read_write> variance: array<f32>;   // [channels]
@group(0) @binding(7) var<storage, read_write> centre: array<f32>;     // [channels]
@group(0) @binding(8) var<storage, read_write> scale: array<f32>;      // [channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let channel = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (channel >= sizes.channels) { return; }

  var count = 0.0;
  var joined = 0.0;
  var sum_of_squares = 0.0;
  var pivot = pivots[channel];
  for (var chunk = 0u; chunk < sizes.chunks; chunk++) {
    let rows = f32(min(sizes.chunk, sizes.rows - chunk * sizes.chunk));
    let at = chunk * sizes.channels + channel;
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
  pivots[channel] = pivot;
  mean[channel] = pivot + joined;
  variance[channel] = biased;
  centre[channel] = joined;
  scale[channel] = gamma[channel] / sqrt(biased + sizes.epsilon);
}
