// The gradient of channels, once all who read them have added to it, f32:
//   dx[r, c] = value - terms[0, firstChannel + c] - h * terms[1, firstChannel + c]
//   h = (x[r, firstChannel + c] - mean[firstChannel + c]) / sqrt(variance[firstChannel + c] + epsilon)
//   value = source[r, firstChannel + c]; where masked, which takes a single reader's gradient as it is,
//           scale[c] * source[r, c] where x[r, c] * scale[c] + shift[c] > 0, else 0
// with terms, mean, variance, scale and shift those of the group of rows that r is in.
//
// One invocation computes four neighbouring channels of ROWS rows of a group; neighbours own neighbouring channels. All
// channel counts are in steps of four.
//
// launch: ceil(groups * ceil(rows / ROWS) * channels / WIDTH) workgroups
// work: 24 * groups * rows * channels operations

const ROWS = 8u;         // knob: rows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
alias X = vec4f;         // stored: x
alias Source = vec4f;    // stored: source
alias Dx = vec4f;        // stored: dx

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  channels: u32,         // channels / 4 of dx
  rowStride: u32,        // channels / 4 of a row of x and of source
  firstChannel: u32,     // where the channels start in a row of x, in steps of four
  masked: u32,           // 1 where `source` is the gradient behind ReLU and batch norm; then firstChannel is 0
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> source: array<Source>;       // [groups rows, rowStride]
@group(0) @binding(2) var<storage, read> x: array<X>;                 // [groups rows, rowStride]
@group(0) @binding(3) var<storage, read> statistics: array<vec4f>;    // [groups, 2, rowStride]: mean, variance
@group(0) @binding(4) var<storage, read> factors: array<vec4f>;       // [groups, 2, rowStride]: scale, shift; read where masked
@group(0) @binding(5) var<storage, read> terms: array<vec4f>;         // [groups, 2, rowStride]
@group(0) @binding(6) var<storage, read_write> dx: array<Dx>;         // [groups rows, channels]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let blocks = (sizes.rows + ROWS - 1u) / ROWS;
  let block = index / sizes.channels;
  let group = block / blocks;
  if (group >= sizes.groups) { return; }
  let start = group * sizes.rows + block % blocks * ROWS;
  let end = min(start + ROWS, (group + 1u) * sizes.rows);
  let place = sizes.firstChannel + channel;
  let first = 2u * group * sizes.rowStride + place;
  let second = first + sizes.rowStride;
  let mean = statistics[first];
  let plain = terms[first];
  let weighted = terms[second] / sqrt(statistics[second] + sizes.epsilon);
  var scale = vec4f(1.0);
  var shift = vec4f();
  if (sizes.masked == 1u) {
    scale = factors[first];
    shift = factors[second];
  }
  for (var row = start; row < end; row++) {
    let at = row * sizes.rowStride + place;
    let value = vec4f(x[at]);
    var gradient = vec4f(source[at]);
    if (sizes.masked == 1u) { gradient = select(vec4f(), scale * gradient, fma(value, scale, shift) > vec4f()); }
    dx[row * sizes.channels + channel] = Dx(gradient - plain - (value - mean) * weighted);
  }
}
