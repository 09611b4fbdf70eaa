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
// One invocation computes four neighbouring channels of one chunk; neighbours own neighbouring channels. All channel
// counts are in steps of four.
//
// launch: ceil(groups * chunks * channels / WIDTH) workgroups
// work: 36 * groups * rows * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup
alias X = vec4f;         // stored: x
alias Dy = vec4f;        // stored: da and dy

const LEAVE = 0u;        // value of collect: `collected` is left alone
const ADD = 1u;          // value of collect: it is added to
const START = 2u;        // value of collect: it starts as dy

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
  // region: batch norm of a channel
  let mean = statistics[2u * group * sizes.rowStride + channel];
  let inverse = 1.0 / sqrt(statistics[(2u * group + 1u) * sizes.rowStride + channel] + sizes.epsilon);
  let scale = factors[2u * group * sizes.channels + channel];
  let shift = factors[(2u * group + 1u) * sizes.channels + channel];
  // end region

  var sum = vec4f();
  var product = vec4f();
  var deviation = vec4f();
  for (var row = start; row < end; row++) {
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
  let at = 3u * chunk * sizes.channels + channel;
  sums[at] = sum;
  sums[at + sizes.channels] = product * inverse;
  sums[at + 2u * sizes.channels] = deviation * inverse;
}
