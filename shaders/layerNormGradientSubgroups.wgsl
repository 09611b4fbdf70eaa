// The gradients of layerNorm with respect to x, and with respect to gamma and beta over chunks of rows, f32:
//   dx[r, c] = d[r] (g[c] - mean of g - h[r, c] mean of g h),  g[c] = dy[r, c] gamma[c]
//   weighted[p, c] = sum over the rows r of chunk p of dy[r, c] h[r, c]
//   plain[p, c]    = sum over them of dy[r, c], where CENTRED is set (layer norm)
//   d[r] = 1 / sqrt(variance[r] + epsilon),  h[r, c] = (x[r, c] - mean[r]) d[r]
// Where CENTRED is not set (RMS norm) mean[r] and the mean of g are left out.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes a chunk of rows, one after the other, Each lane
// owns every eighth Element of a row, and holds it in registers, beside gamma and the sums of its columns: x and dy are read
// once. A row's sums are joined by shuffles, in a fixed order.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// launch: ceil(rows / chunk) workgroups
// work: 19 * rows * columns * lanes(Element) operations

enable subgroups;

// region: held row knobs
alias Element = f32;     // knob: f32, or vec4f for four neighbouring columns at a time
const CENTRED = true;    // knob: whether the mean is taken away; without it beta is left out
const HELD = 8u;         // knob: Elements of a row that a lane holds: ceil(columns / 8), rounded up to whole turns
const BLOCK = 8u;        // knob: how many of them are loaded and stored in a turn, a divisor of HELD
// end region

const LANES = 8u;
// Elements of a lane that lie in the row whatever its length: all but those of the last turn, or but the very last.
const WHOLE = select(HELD - BLOCK, HELD - 1u, BLOCK == HELD);

// region: held row sizes
struct Sizes {
  rows: u32,
  columns: u32,          // in Elements
  chunk: u32,            // rows per workgroup; the last one may have fewer
  epsilon: f32,
}
// end region

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                // [rows, columns]
@group(0) @binding(2) var<storage, read> gamma: array<Element>;            // [columns]
@group(0) @binding(3) var<storage, read> dy: array<Element>;               // [rows, columns]
@group(0) @binding(4) var<storage, read_write> dx: array<Element>;         // [rows, columns]
@group(0) @binding(5) var<storage, read_write> weighted: array<Element>;   // [chunks, columns]
@group(0) @binding(6) var<storage, read_write> plain: array<Element>;      // [chunks, columns]

// region: sums of lanes by shuffles
// The mean over a row of what its lanes have added up. A number counts as four equal ones, so that one formula serves both
// kinds of Element.
fn row_mean(sum: Element, lane: u32) -> f32 {
  let four = vec4f(sum);
  var total = (four.x + four.y) + (four.z + four.w);
  total += subgroupShuffle(total, lane ^ 1u);
  total += subgroupShuffle(total, lane ^ 2u);
  total += subgroupShuffle(total, lane ^ 4u);
  return total / f32(4u * sizes.columns);
}
// end region

// region: inverse deviation
// From the mean square of what `near` leaves of a row, and its mean. Where both are rounding the difference may be below 0.
fn inverse_deviation(square: f32, offset: f32) -> f32 {
  let variance = fma(-offset, offset, square);
  return 1.0 / sqrt(select(variance, 0.0, variance < 0.0) + sizes.epsilon);
}
// end region

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * grid.x;
  let first = index * sizes.chunk;
  if (first >= sizes.rows) { return; }
  let end = min(first + sizes.chunk, sizes.rows);
  // region: turns of a held row
  // Where one turn is enough for all, their number is a constant, and there is no loop.
  let columns = (sizes.columns + LANES - 1u) / LANES;
  let turns = select((columns + BLOCK - 1u) / BLOCK, 1u, BLOCK == HELD);
  let last = sizes.columns - 1u;
  // end region
  var factors: array<Element, HELD>;
  var products: array<Element, HELD>;
  var slopes: array<Element, HELD>;
  for (var turn = 0u; turn < columns; turn++) {
    let factor = gamma[min(lane + LANES * turn, last)];
    for (var i = 0u; i < HELD; i++) { factors[i] = select(factors[i], factor, i == turn); }
  }
  for (var row = first; row < end; row++) {
    let start = row * sizes.columns;
    var held: array<Element, HELD>;
    var given: array<Element, HELD>;
    for (var turn = 0u; turn < turns; turn++) {
      var own: array<Element, BLOCK>;
      var slope: array<Element, BLOCK>;
      for (var i = 0u; i < BLOCK; i++) {
        let at = start + min(lane + LANES * (turn * BLOCK + i), last);
        own[i] = x[at];
        slope[i] = dy[at];
      }
      for (var i = 0u; i < HELD; i++) {
        held[i] = select(held[i], own[i % BLOCK], i / BLOCK == turn);
        given[i] = select(given[i], slope[i % BLOCK], i / BLOCK == turn);
      }
    }
    // region: moments of a held row
    // What the mean loses when it is rounded to f32 is found again as the mean of what it leaves.
    var near = 0.0;
    if (CENTRED) {
      var sum = Element();
      for (var i = 0u; i < HELD; i++) { sum += select(Element(), held[i], i < WHOLE || lane + LANES * i < sizes.columns); }
      near = row_mean(sum, lane);
    }
    var rest = Element();
    var squares = Element();
    for (var i = 0u; i < HELD; i++) {
      held[i] = select(Element(), held[i] - near, i < WHOLE || lane + LANES * i < sizes.columns);
      rest += held[i];
      squares = fma(held[i], held[i], squares);
    }
    var offset = 0.0;
    if (CENTRED) { offset = row_mean(rest, lane); }
    let inverse = inverse_deviation(row_mean(squares, lane), offset);
    // end region

    var sum = Element();
    var product = Element();
    for (var i = 0u; i < HELD; i++) {
      held[i] = (held[i] - offset) * inverse;
      given[i] = select(Element(), given[i], i < WHOLE || lane + LANES * i < sizes.columns);
      if (CENTRED) { slopes[i] += given[i]; }
      products[i] = fma(given[i], held[i], products[i]);
      given[i] *= factors[i];
      sum += given[i];
      product = fma(given[i], held[i], product);
    }
    var mean_slope = 0.0;
    if (CENTRED) { mean_slope = row_mean(sum, lane); }
    let mean_product = row_mean(product, lane);
    for (var i = 0u; i < HELD; i++) { held[i] = (given[i] - mean_slope - held[i] * mean_product) * inverse; }
    for (var turn = 0u; turn < turns; turn++) {
      // region: a turn's results
      var result: array<Element, BLOCK>;
      for (var i = 0u; i < HELD; i++) { result[i % BLOCK] = select(result[i % BLOCK], held[i], i / BLOCK == turn); }
      // end region
      for (var i = 0u; i < BLOCK; i++) {
        let column = lane + LANES * (turn * BLOCK + i);
        if (column <= last) { dx[start + column] = result[i]; }
      }
    }
  }
  for (var turn = 0u; turn < columns; turn++) {
    var product = Element();
    var slope = Element();
    for (var i = 0u; i < HELD; i++) {
      product = select(product, products[i], i == turn);
      slope = select(slope, slopes[i], i == turn);
    }
    let column = lane + LANES * turn;
    if (column <= last) {
      weighted[index * sizes.columns + column] = product;
      if (CENTRED) { plain[index * sizes.columns + column] = slope; }
    }
  }
}
