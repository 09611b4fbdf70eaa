// y[i] = f(x[i]), f32, elementwise.
//
// One invocation computes VALUES elements, WIDTH apart, so that neighbouring invocations own neighbouring elements.
// f is chosen by a knob, so each function is a pipeline of its own without the branches of the others.
// f(NaN) is NaN. WGSL lets a compiler assume that no number is NaN, so where arithmetic alone would not pass it on, it is
// told by its bits.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: count * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; all counts are then in fours
alias Bits = i32;        // bits of Element
const OPERATION = EXP;   // knob: which function f is
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

const EXP = 1u;          // value of OPERATION: e^x
const LOG = 2u;          // value of OPERATION: the natural logarithm
const SQRT = 3u;         // value of OPERATION: the square root
const RELU = 4u;         // value of OPERATION: max(x, 0)
const SIGMOID = 5u;      // value of OPERATION: 1 / (1 + e^-x)
const SOFTPLUS = 6u;     // value of OPERATION: log(1 + e^x)
const TANH = 7u;         // value of OPERATION: the hyperbolic tangent
const NORMAL_CDF = 8u;   // value of OPERATION: the probability that a standard normal variable is below x
const GELU = 9u;         // value of OPERATION: x times that probability
const CLAMP = 10u;       // value of OPERATION: x, but at least `first` and at most `second`
const AFFINE = 11u;      // value of OPERATION: first x + second

const MAGNITUDE = 0x7fffffff;             // all bits of a number but its sign
const INFINITE = 0x7f800000;              // the magnitude of infinity; all above it are NaN
const NEGATIVE_INFINITE = -0x00800000;    // bits of -infinity: those of all numbers below 0 are at most these, of NaN more

struct Sizes {
  count: u32,
  first: f32,            // clamp: lower bound; affine: scale
  second: f32,           // clamp: upper bound; affine: offset
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [count]
@group(0) @binding(2) var<storage, read_write> y: array<Element>;    // [count]

// log(1 + e) for e in [0, 1]: WGSL has no log1p, 1 + e loses the digits of a small e, and WGSL's log those of a result near
// 0. With s = e / (2 + e) it is 2 atanh(s), a series in s^2; here it is taken as e - s (e - ...), where neither s nor the
// series needs all of its digits.
fn log_one_plus(e: Element) -> Element {
  let s = e / (2.0 + e);
  let q = s * s;
  let high = 2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0));
  return e - s * (e - q * (2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * high))));
}

// The probability that a standard normal variable is below v, from the complementary error function by a Chebyshev fit
// of its logarithm (Press et al., Numerical Recipes): a relative error of 1.2e-7, also far out in the tail.
fn normal_cdf(v: Element) -> Element {
  let t = 1.0 / (1.0 + 0.35355339059 * abs(v));
  let high = 0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)));
  let low = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * high))));
  let tail = 0.5 * t * exp(low - 0.5 * v * v);
  return select(tail, 1.0 - tail, v >= Element(0.0));
}

fn apply(v: Element) -> Element {
  switch (OPERATION) {
    case EXP: { return exp(v); }
    case LOG: { return log(v); }
    case SQRT: { return sqrt(v); }
    case RELU: { return select(v, Element(0.0), bitcast<Bits>(v) <= Bits(NEGATIVE_INFINITE)); }
    case SIGMOID: {
      // Sigmoid from exp(-|v|): never overflows, and keeps small probabilities exact.
      let e = exp(-abs(v));
      return select(e, Element(1.0), v >= Element(0.0)) / (1.0 + e);
    }
    case SOFTPLUS: { return max(v, Element(0.0)) + log_one_plus(exp(-abs(v))); }
    case TANH: {
      // tanh from exp(-2|v|); near zero the difference would cancel, the odd series does not.
      let e = exp(-2.0 * abs(v));
      let series = v * (1.0 - v * v * (1.0 / 3.0 - v * v * (2.0 / 15.0)));
      return select(sign(v) * (1.0 - e) / (1.0 + e), series, abs(v) < Element(0.05));
    }
    case NORMAL_CDF: { return normal_cdf(v); }
    case GELU: { return v * normal_cdf(v); }
    case CLAMP: {
      let is_nan = (bitcast<Bits>(v) & Bits(MAGNITUDE)) > Bits(INFINITE);
      return select(min(max(v, Element(sizes.first)), Element(sizes.second)), v, is_nan);
    }
    case AFFINE, default: { return fma(Element(sizes.first), v, Element(sizes.second)); }
  }
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let first = (workgroup.x + workgroup.y * grid.x) * (WIDTH * VALUES);
  let end = min(first + WIDTH * VALUES, sizes.count);
  for (var index = first + local.x; index < end; index += WIDTH) { y[index] = apply(x[index]); }
}
