// Second pass of group normalisation: joins the moments of a group's channels and chunks (see groupNormMoments) in order, by
// Chan's formula. For each image n and channel c of a group of `width` channels:
//   mean[n, c]     = mean over the group of x, the same for all of its channels
//   variance[n, c] = mean over the group of (x - mean)^2, biased
//   centre[n, c]   = mean[n, c] - pivots[n, 0, c]
//   scale[n, c]    = gamma[c] / sqrt(variance[n, c] + epsilon)
//
// pivots[n, 0, c] is overwritten with the pivot of the group that lies nearest to the mean. LANES neighbouring invocations
// share a group: each joins channels of its own, and then they are joined in workgroup memory. One lane is alone with its
// group: no barrier.
//
// launch: ceil(images * ceil(channels / width) * LANES / WIDTH) workgroups
// work: 12 * images * chunks * channels operations

const LANES = 1u;        // knob: invocations per group, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: pixels in chunks
  images: u32,
  pixels: u32,           // per image
  chunk: u32,            // pixels per chunk; the last chunk of an image may have fewer
  chunks: u32,           // per image
  // end region
  channels: u32,
  width: u32,            // channels per group
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;            // [channels]
@group(0) @binding(2) var<storage, read_write> pivots: array<f32>;     // [images, chunks, channels]
@group(0) @binding(3) var<storage, read> offset: array<f32>;           // [images, chunks, channels]
@group(0) @binding(4) var<storage, read> squares: array<f32>;          // [images, chunks, channels]
@group(0) @binding(5) var<storage, read_write> centre: array<f32>;     // [images, channels]
@group(0) @binding(6) var<storage, read_write> scale: array<f32>;      // [images, channels]
@group(0) @binding(7) var<storage, read_write> mean: array<f32>;       // [images, channels]
@group(0) @binding(8) var<storage, read_write> variance: array<f32>;   // [images, channels]

// What a lane knows of its channels.
var<workgroup> moments: array<vec4f, WIDTH>;

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

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: lanes of a group
  let first_group = (workgroup.x + workgroup.y * grid.x) * (WIDTH / LANES);
  let groups = sizes.channels / sizes.width;
  if (first_group >= sizes.images * groups) { return; }
  // Past the end the last group is read again and nothing is stored, so that all of a workgroup come to its barriers.
  let number = first_group + local.x / LANES;
  let group = min(number, sizes.images * groups - 1u);
  let image = group / groups;
  let first = group % groups * sizes.width;
  let lane = local.x % LANES;
  // end region
  var count = 0.0;
  var joined = 0.0;
  var sum_of_squares = 0.0;
  var pivot = 0.0;
  if (lane < sizes.width) { pivot = pivots[image * sizes.chunks * sizes.channels + first + lane]; }
  for (var channel = first + lane; channel < first + sizes.width; channel += LANES) {
    for (var chunk = 0u; chunk < sizes.chunks; chunk++) {
      let rows = f32(min(sizes.chunk, sizes.pixels - chunk * sizes.chunk));
      let at = (image * sizes.chunks + chunk) * sizes.channels + channel;
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
    }
  }
  var all = vec4f(pivot, joined, sum_of_squares, count);
  if (LANES > 1u) {
    moments[local.x] = all;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (lane < half && lane + half < sizes.width) {
        moments[local.x] = joined_moments(moments[local.x], moments[local.x + half]);
      }
    }
    workgroupBarrier();
    all = moments[local.x - lane];
  }
  if (number != group) { return; }
  let biased = all.z / f32(sizes.pixels * sizes.width);
  let inverse = 1.0 / sqrt(biased + sizes.epsilon);
  for (var channel = first + lane; channel < first + sizes.width; channel += LANES) {
    let at = image * sizes.channels + channel;
    pivots[image * sizes.chunks * sizes.channels + channel] = all.x;
    centre[at] = all.y;
    mean[at] = all.x + all.y;
    variance[at] = biased;
    scale[at] = gamma[channel] * inverse;
  }
}
