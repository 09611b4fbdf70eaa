// denseGradientSums, denseGradientTerms and denseGradientCorrect in one launch, for so few rows that one workgroup can
// look at all of them, f32. With g = da where x * scale + shift > 0, else 0, and h = (x - mean) / sqrt(variance +
// epsilon), and m = the mean of h over the rows (what is left where the mean was rounded to f32):
//   b[c] = sum over all rows of a group of g,  a[c] = sum over them of g h - b[c] m[c]
//   dbeta[c], dgamma[c] = sum over all groups of b[c], a[c]
//   terms[0, c] += scale[c] (b[c] - a[c] m[c]) / rows,  terms[1, c] += scale[c] a[c] / rows
//   collected[r, c] += scale[c] g[r, c]
//   dx[r, c - firstChannel] = collected[r, c] - terms[0, c] - h[r, c] terms[1, c],
//     for `dxChannels` channels from `firstChannel` on
// With `collect` LEAVE this batch norm is the only one to read x: scale g takes the place of `collected`, and the terms
// start at zero. Scale, shift, mean, variance, m and the terms are those of a group of rows.
//
// One workgroup takes four times SPAN neighbouring channels, one group after the other, LANES rows at a time, and adds up
// its lanes in a tree. All channel counts are in steps of four.
//
// launch: ceil(channels / SPAN) workgroups
// work: 60 * groups * rows * channels operations

// region: workgroup of all rows
const SPAN = 2u;         // knob: fours of channels per workgroup
const WIDTH = 256u;      // knob: invocations per workgroup; WIDTH / SPAN is a power of two

const LANES = WIDTH / SPAN;
// end region
alias X = vec4f;         // stored: x
alias Da = vec4f;        // stored: da
alias Dx = vec4f;        // stored: dx

const LEAVE = 0u;        // value of collect: `collected` is left alone
const ADD = 1u;          // value of collect: it is added to
const START = 2u;        // value of collect: it is added to, and the terms behind its rows start here, at zero

struct Sizes {
  groups: u32,           // groups of rows with statistics of their own
  rows: u32,             // rows of a group
  channels: u32,         // channels / 4 that this batch norm reads
  rowStride: u32,        // channels / 4 of a row of x
  firstChannel: u32,
  dxChannels: u32,
  collect: u32,          // what happens to `collected`
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> da: array<Da>;                    // [groups rows, channels]
@group(0) @binding(2) var<storage, read> x: array<X>;                      // [groups rows, rowStride]
@group(0) @binding(3) var<storage, read> statistics: array<vec4f>;         // [groups, 2, rowStride]: mean, variance
@group(0) @binding(4) var<storage, read> factors: array<vec4f>;            // [groups, 2, channels]: scale, shift
@group(0) @binding(5) var<storage, read_write> collected: array<vec4f>;    // [groups (rows + 2), rowStride], terms last
@group(0) @binding(6) var<storage, read_write> dgamma: array<vec4f>;       // [channels]
@group(0) @binding(7) var<storage, read_write> dbeta: array<vec4f>;        // [channels]
@group(0) @binding(8) var<storage, read_write> dx: array<Dx>;              // [groups rows, dxChannels]

var<workgroup> sums: array<vec4f, WIDTH>;
var<workgroup> products: array<vec4f, WIDTH>;
var<workgroup> deviations: array<vec4f, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let base = (workgroup.x + workgroup.y * grid.x) * SPAN;
  if (base >= sizes.channels) { return; }
  let lane = local.x / SPAN;
  let column = local.x % SPAN;
  let is_inside = base + column < sizes.channels;
  let channel = min(base + column, sizes.channels - 1u);
  let is_complete = channel >= sizes.firstChannel && channel < sizes.firstChannel + sizes.dxChannels;

  var slope_of_shift = vec4f();
  var slope_of_scale = vec4f();
  for (var group = 0u; group < sizes.groups; group++) {
    let first = group * sizes.rows + lane;
    let end = select(0u, (group + 1u) * sizes.rows, is_inside);
    // region: batch norm of a channel
    let mean = statistics[2u * group * sizes.rowStride + channel];
    let inverse = 1.0 / sqrt(statistics[(2u * group + 1u) * sizes.rowStride + channel] + sizes.epsilon);
    let scale = factors[2u * group * sizes.channels + channel];
    let shift = factors[(2u * group + 1u) * sizes.channels + channel];
    // end region

    var sum = vec4f();
    var product = vec4f();
    var deviation = vec4f();
    for (var row = first; row < end; row += LANES) {
      // region: gradient through ReLU
      let at = row * sizes.rowStride + channel;
      let value = vec4f(x[at]);
      let g = select(vec4f(), vec4f(da[row * sizes.channels + channel]), fma(value, scale, shift) > vec4f());
      sum += g;
      product = fma(g, value - mean, product);
      deviation += value - mean;
      // end region
      if (sizes.collect != LEAVE) { collected[at] = fma(scale, g, collected[at]); }
    }
    // The sums of the group before are read by all lanes before one of them writes.
    workgroupBarrier();
    sums[local.x] = sum;
    products[local.x] = product * inverse;
    deviations[local.x] = deviation * inverse;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
      if (lane < half) {
        sums[local.x] += sums[local.x + half * SPAN];
        products[local.x] += products[local.x + half * SPAN];
        deviations[local.x] += deviations[local.x + half * SPAN];
      }
      workgroupBarrier();
    }

    let share = scale / f32(sizes.rows);
    let normalised_mean = deviations[column] / f32(sizes.rows);
    let weighted_sum = products[column] - sums[column] * normalised_mean;
    slope_of_shift += sums[column];
    slope_of_scale += weighted_sum;
    var plain = share * (sums[column] - weighted_sum * normalised_mean);
    var weighted = share * weighted_sum;
    let terms = (sizes.groups * sizes.rows + 2u * group) * sizes.rowStride + channel;
    if (sizes.collect != LEAVE) {
      if (sizes.collect == ADD) {
        plain += collected[terms];
        weighted += collected[terms + sizes.rowStride];
      }
      // The terms are read by all lanes before one of them writes.
      storageBarrier();
      if (lane == 0u && is_inside) {
        collected[terms] = plain;
        collected[terms + sizes.rowStride] = weighted;
      }
    }

    let slope = weighted * inverse;
    for (var row = first; is_complete && row < end; row += LANES) {
      let at = row * sizes.rowStride + channel;
      let value = vec4f(x[at]);
      var gradient = vec4f();
      if (sizes.collect != LEAVE) {
        gradient = collected[at];
      } else {
        let g = vec4f(da[row * sizes.channels + channel]);
        gradient = select(vec4f(), scale * g, fma(value, scale, shift) > vec4f());
      }
      dx[row * sizes.dxChannels + channel - sizes.firstChannel] = Dx(gradient - plain - (value - mean) * slope);
    }
  }
  if (lane == 0u && is_inside) {
    dbeta[channel] = slope_of_shift;
    dgamma[channel] = slope_of_scale;
  }
}
