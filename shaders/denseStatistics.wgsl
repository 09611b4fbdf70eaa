// Joins the chunks of denseMoments in order, by Chan's formula:
//   statistics[g, 0, firstChannel + c] = mean of x[r, c] over the rows r of group g
//   statistics[g, 1, firstChannel + c] = their variance, biased
//
// One invocation computes one channel of one group.
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
  rowStride: u32,        // channels of a row of `statistics`
  firstChannel: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> moments: array<f32>;             // [groups, 3 chunks, channels]
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;    // [groups, 2, rowStride]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.groups * sizes.channels) { return; }
  let channel = index % sizes.channels;
  let group = index / sizes.channels;

  let fresh = sizes.channels;
  let place = 3u * group * sizes.chunks * fresh + channel;
  // region: joined chunks
  var count = 0.0;
  var joined = 0.0;
  var sum_of_squares = 0.0;
  var pivot = moments[2u * fresh + place];
  for (var chunk = 0u; chunk < sizes.chunks; chunk++) {
    let rows = f32(min(sizes.chunk, sizes.rows - chunk * sizes.chunk));
    let at = 3u * chunk * fresh + place;
    let value = moments[at + 2u * fresh];
    let difference = value - pivot + (moments[at] - joined);
    let share = rows / (count + rows);
    joined += difference * share;
    sum_of_squares += moments[at + fresh] + difference * difference * (count * share);
    count += rows;
    let beyond = value - pivot - joined;
    let is_nearer = abs(beyond) < abs(joined);
    pivot = select(pivot, value, is_nearer);
    joined = select(joined, -beyond, is_nearer);
  }
  // end region
  let moments_of = 2u * group * sizes.rowStride + sizes.firstChannel + channel;
  statistics[moments_of] = pivot + joined;
  statistics[moments_of + sizes.rowStride] = sum_of_squares / f32(sizes.rows);
}
