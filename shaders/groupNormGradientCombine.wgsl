// Second pass of the gradient of group normalisation: adds the sums of a group's chunks (see groupNormGradientSums) in order.
// For each image n and channel c of a group of `width` channels and M = width * pixels values:
//   plain[n, 0, c]    = p[c] = sum over the chunks of plain[n, :, c]
//   weighted[n, 0, c] = w[c] = sum over the chunks of weighted[n, :, c] - p[c] * m
//   shift[n, c]       = d (A - m B),  A = sum over the group's c of gamma[c] p[c] / M
//   bend[n, c]        = d^2 B,        B = sum over the group's c of gamma[c] w[c] / M
//   d = 1 / sqrt(variance[n, c] + epsilon),  m = sum over the group of rest / M
// m is the mean of the normalised x: what is left of it where the mean was rounded to f32.
//
// LANES neighbouring invocations share a group: each adds up channels of its own, and then their sums are joined in workgroup
// memory. One lane is alone with its group: no barrier.
//
// launch: ceil(images * ceil(channels / width) * LANES / WIDTH) workgroups
// work: 7 * images * chunks * channels operations

const LANES = 1u;        // knob: invocations per group, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  images: u32,
  pixels: u32,           // per image
  chunks: u32,           // per image
  channels: u32,
  width: u32,            // channels per group
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> plain: array<f32>;      // [images, chunks, channels]
@group(0) @binding(2) var<storage, read_write> weighted: array<f32>;   // [images, chunks, channels]
@group(0) @binding(3) var<storage, read> rest: array<f32>;             // [images, chunks, channels]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;            // [channels]
@group(0) @binding(5) var<storage, read> variance: array<f32>;         // [images, channels]
@group(0) @binding(6) var<storage, read_write> shift: array<f32>;      // [images, channels]
@group(0) @binding(7) var<storage, read_write> bend: array<f32>;       // [images, channels]

// Of a lane's channels: the sums of rest, of gamma p, and of gamma times the sum of weighted.
var<workgroup> sums: array<vec3f, WIDTH>;

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
  let own = image * sizes.chunks * sizes.channels;
  var all = vec3f();
  for (var channel = first + lane; channel < first + sizes.width; channel += LANES) {
    var of_channel = vec3f();
    for (var chunk = 0u; chunk < sizes.chunks; chunk++) {
      let at = own + chunk * sizes.channels + channel;
      of_channel += vec3f(rest[at], plain[at], weighted[at]);
    }
    all += of_channel * vec3f(1.0, gamma[channel], gamma[channel]);
    // Nobody else reads what belongs to this channel. Past the end it belongs to another invocation.
    if (number == group) {
      plain[own + channel] = of_channel.y;
      weighted[own + channel] = of_channel.z;
    }
  }
  if (LANES > 1u) {
    sums[local.x] = all;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (lane < half) { sums[local.x] += sums[local.x + half]; }
    }
    workgroupBarrier();
    all = sums[local.x - lane];
  }
  if (number != group) { return; }
  all /= f32(sizes.pixels * sizes.width);
  let normalised_mean = all.x;
  let mean_product = all.z - all.y * normalised_mean;
  for (var channel = first + lane; channel < first + sizes.width; channel += LANES) {
    let at = image * sizes.channels + channel;
    let inverse = 1.0 / sqrt(variance[at] + sizes.epsilon);
    weighted[own + channel] -= plain[own + channel] * normalised_mean;
    shift[at] = inverse * (all.y - normalised_mean * mean_product);
    bend[at] = inverse * inverse * mean_product;
  }
}
