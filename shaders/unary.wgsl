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
const ABS = 12u;         // value of OPERATION: |x|
const ERF = 13u;         // value of OPERATION: the error function
const SILU = 14u;        // value of OPERATION: x times its sigmoid
const HARD_SWISH = 15u;  // value of OPERATION: x min(max(x + 3, 0), 6) / 6
const LEAKY_RELU = 16u;  // value of OPERATION: x above 0, first x below
const ELU = 17u;         // value of OPERATION: x above 0, first (e^x - 1) below
const CONSTANT_POWER = 18u;  // value of OPERATION: x to the power `first`, which `second` says to be a small whole number

const MAGNITUDE = 0x7fffffff;             // all bits of a number but its sign
const INFINITE = 0x7f800000;              // the magnitude of infinity; all above it are NaN
const NEGATIVE_INFINITE = -0x00800000;    // bits of -infinity: those of all numbers below 0 are at most these, of NaN more

struct Sizes {
  count: u32,
  first: f32,            // clamp: lower bound; affine: scale; leaky relu: slope; elu: alpha; power: exponent
  second: f32,           // clamp: upper bound; affine: offset; power: 1 where the exponent is whole and at most 64 from 0
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

// region: normal cdf
// The complementary error function of z >= 0, whose square is given for its rounding, by a Chebyshev fit of its logarithm
// (Press et al., Numerical Recipes): a relative error of 1.2e-7, also far out in the tail.
fn erf_complement(z: Element, square: Element) -> Element {
  let t = 1.0 / (1.0 + 0.5 * z);
  let high = 0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)));
  let low = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * high))));
  return t * exp(low - square);
}

// The probability that a standard normal variable is below v.
fn normal_cdf(v: Element) -> Element {
  let tail = 0.5 * erf_complement(0.70710678119 * abs(v), 0.5 * v * v);
  return select(tail, 1.0 - tail, v >= Element(0.0));
}
// end region

// The error function: by its series near 0, where 1 less the complement would cancel.
fn error_function(v: Element) -> Element {
  let q = v * v;
  let high = 0.00012055333 + q * (-1.49256504e-05 + q * (1.64621144e-06 + q * (-1.63658447e-07 + q * (1.48071928e-08))));
  let low = 1.12837917 + q * (-0.376126389 + q * (0.112837917 + q * (-0.0268661706 + q * (0.00522397763 + q * (-0.000854832702 + q * (high))))));
  return select(v * low, sign(v) * (1.0 - erf_complement(abs(v), q)), abs(v) >= Element(1.0));
}

// region: sigmoid
// Sigmoid from exp(-|v|): never overflows, and keeps small probabilities exact.
fn sigmoid(v: Element) -> Element {
  let e = exp(-abs(v));
  return select(e, Element(1.0), v >= Element(0.0)) / (1.0 + e);
}
// end region

// e^v - 1, by its series near 0, where the difference would cancel.
fn exp_minus_one(v: Element) -> Element {
  let high = 0.00833333333 + v * (0.00138888889 + v * (0.000198412698 + v * (2.48015873e-05 + v * 2.75573192e-06)));
  let series = v * (1.0 + v * (0.5 + v * (0.166666667 + v * (0.0416666667 + v * high))));
  return select(exp(v) - 1.0, series, abs(v) < Element(0.5));
}

// region: powers
// x^y, also for a negative x and a whole y; NaN where one is. WGSL's pow is exp2(y log2(x)), whose rounding grows with the
// exponent. Here log2(x) = e + log2(m) with a whole e and m in [sqrt(1/2), sqrt(2)), and y e is exact, for y is taken in two
// halves of 12 bits: the error is that of y log2(m).
fn power(x: Element, y: Element) -> Element {
  let bits = bitcast<Bits>(x) & Bits(MAGNITUDE);
  // Below the normal numbers the bits are a whole number that is one.
  let tiny = bits < Bits(0x00800000);
  let placed = select(bits, bitcast<Bits>(Element(bits)), tiny) + Bits(0x004afb0d);
  let e = Element(placed / Bits(0x00800000) - select(Bits(127), Bits(276), tiny));
  let f = bitcast<Element>((placed & Bits(0x007fffff)) + Bits(0x3f3504f3)) - 1.0;
  let s = f / (2.0 + f);
  let q = s * s;
  let series = q * (2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * (2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0))))));
  let log2_m = 1.44269504089 * (f - s * (f - series));

  // Beyond 2^32 every power of what is not 1 is 0 or infinite.
  let exponent = clamp(y, Element(-4294967296.0), Element(4294967296.0));
  let upper = bitcast<Element>(bitcast<Bits>(exponent) & Bits(-4096));
  let whole_part = upper * e;
  let rest = (exponent - upper) * e + exponent * log2_m;
  let n = clamp(round(whole_part + rest), Element(-252.0), Element(252.0));
  let r = 0.69314718056 * clamp((whole_part - n) + rest, Element(-1.0), Element(1.0));
  let high = 0.0416666667 + r * (0.00833333333 + r * (0.00138888889 + r * 0.000198412698));
  let fraction = 1.0 + r * (1.0 + r * (0.5 + r * (0.166666667 + r * high)));
  // 2^n in two steps: it may be out of range where the result is not.
  let half = Bits(n) / Bits(2);
  let other = Bits(n) - half;
  let scaled = fraction * bitcast<Element>((half + Bits(127)) * Bits(0x00800000));
  var value = scaled * bitcast<Element>((other + Bits(127)) * Bits(0x00800000));

  let zero = Element(0.0);
  let is_zero = bits == Bits(0);
  let is_infinite = bits == Bits(INFINITE);
  let infinity = bitcast<Element>((bits & Bits(0)) | Bits(INFINITE));
  value = select(value, select(zero, infinity, is_zero == (y < zero)), is_zero | is_infinite);
  value = select(value, Element(1.0), y == zero);
  let is_negative = bitcast<Bits>(x) < Bits(0);
  let is_whole = (trunc(y) == y) | (abs(y) >= Element(8388608.0));
  let is_odd = (abs(y) < Element(16777216.0)) & (y - 2.0 * floor(0.5 * y) == Element(1.0));
  value = select(value, -value, is_negative & is_odd);
  let has_nan = max(bits, bitcast<Bits>(y) & Bits(MAGNITUDE)) > Bits(INFINITE);
  let is_root = is_negative & !is_whole & !is_zero & !is_infinite;
  return select(value, bitcast<Element>(bits | Bits(0x7fc00000)), has_nan | is_root);
}
// end region

// region: constant powers
// x to a constant power: by products where it is a small whole number.
fn constant_power(x: Element, exponent: f32, is_whole: bool) -> Element {
  if (!is_whole) { return power(x, Element(exponent)); }
  var value = Element(1.0);
  var square = x;
  for (var left = u32(abs(exponent)); left > 0u; left /= 2u) {
    if ((left & 1u) == 1u) { value *= square; }
    square *= square;
  }
  let is_nan = (bitcast<Bits>(x) & Bits(MAGNITUDE)) > Bits(INFINITE);
  return select(select(value, 1.0 / value, Element(exponent) < Element(0.0)), x, is_nan);
}
// end region

fn apply(v: Element) -> Element {
  switch (OPERATION) {
    case EXP: { return exp(v); }
    case LOG: { return log(v); }
    case SQRT: { return sqrt(v); }
    case RELU: { return select(v, Element(0.0), bitcast<Bits>(v) <= Bits(NEGATIVE_INFINITE)); }
    case SIGMOID: { return sigmoid(v); }
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
    case ABS: { return abs(v); }
    case ERF: { return error_function(v); }
    case SILU: { return v * sigmoid(v); }
    case HARD_SWISH: { return v * clamp(v + 3.0, Element(0.0), Element(6.0)) / 6.0; }
    case LEAKY_RELU: { return select(sizes.first * v, v, v > Element(0.0)); }
    case ELU: { return select(sizes.first * exp_minus_one(v), v, v > Element(0.0)); }
    case CONSTANT_POWER: { return constant_power(v, sizes.first, sizes.second != 0.0); }
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
