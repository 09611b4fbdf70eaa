// First pass of the gradient of batch normalisation: per channel over chunks of rows, f32,
//   plain[p, c]    = sum over the rows r of chunk p of dy[r, c]
//   weighted[p, c] = sum over them of dy[r, c] * h[r, c],  h[r, c] = (x[r, c] - mean[c]) / sqrt(variance[c] + epsilon)
//   rest[p, c]     = sum over them of h[r, c]: nothing, but for what the mean lost when it was rounded to f32
// with mean and variance those of the group of rows that r is in; p counts the chunks of all groups.
//
// One invocation computes one (chunk, channel), or four neighbouring channels of a chunk; neighbours own neighbouring
// channels, so loads coalesce. Two rows a turn keep four loads in flight.
//
// launch: ceil(groups * chunks * channels / WIDTH) workgroups
// work: 5 * groups * rows * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const WIDTH = 64u;       // knob: invocations per workgroup

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
  let norm = group * sizes.channels + channel;
  let centre = mean[norm];
  let stride = sizes.channels;

  // region: gradient sums of a chunk
  var sums = Element();
  var products = Element();
  var deviations = Element();
  var row = start;
  for (; row + 2u <= end; row += 2u) {
    let at = row * stride + channel;
    let first = dy[at];
    let second = dy[at + stride];
    sums += first + second;
    let deviation = x[at] - centre;
    let next = x[at + stride] - centre;
    products += first * deviation + second * next;
    deviations += deviation + next;
  }
  if (row < end) {
    let at = row * stride + channel;
    let deviation = x[at] - centre;
    sums += dy[at];
    products += dy[at] * deviation;
    deviations += deviation;
  }
  // end region
  plain[index] = sums;
  let inverse = 1.0 / sqrt(variance[norm] + sizes.epsilon);
  weighted[index] = products * inverse;
  rest[index] = deviations * inverse;
}
