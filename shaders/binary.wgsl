// y[i] = f(a[i], b[i]), f32, with a and b broadcast to the shape of y.
//
// One invocation computes VALUES elements, WIDTH apart, so that neighbouring invocations own neighbouring elements of
// y. The position of an element in a and b takes a division per extent beyond the first, so it is worked out once per
// invocation; the elements after the first are reached by adding with carries. The host merges extents where it can:
// equal shapes need no more than one, [N, H, W, C] with [C] two. Their number is a knob, not a uniform: a loop of
// known length is 3 times faster on lavapipe (2026).
// Where a or b is NaN, so are their maximum and minimum. That is told by the bits: WGSL lets a compiler assume that no
// number is NaN. Comparisons with NaN do not hold, but for NOT_EQUAL.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: count * lanes(Element) operations

const OPERATION = ADD;   // knob: which function f is
alias Bits = i32;        // bits of Element
// region: iteration knobs
alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const RANK = 2u;         // knob: extents to iterate over, 1 to 6
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

const ADD = 1u;            // value of OPERATION: a + b
const SUBTRACT = 2u;       // value of OPERATION: a - b
const MULTIPLY = 3u;       // value of OPERATION: a b
const DIVIDE = 4u;         // value of OPERATION: a / b
const MAXIMUM = 5u;        // value of OPERATION: the larger one
const MINIMUM = 6u;        // value of OPERATION: the smaller one
const EQUAL = 7u;          // value of OPERATION: 1 where a = b, else 0; so are the next five
const NOT_EQUAL = 8u;      // value of OPERATION: a != b
const LESS = 9u;           // value of OPERATION: a < b
const LESS_EQUAL = 10u;    // value of OPERATION: a <= b
const GREATER = 11u;       // value of OPERATION: a > b
const GREATER_EQUAL = 12u; // value of OPERATION: a >= b
const GATE = 13u;          // value of OPERATION: b where a > 0, else 0
const POWER = 14u;         // value of OPERATION: a to the power b

const MAGNITUDE = 0x7fffffff;   // all bits of a number but its sign
const INFINITE = 0x7f800000;    // the magnitude of infinity; all above it are NaN

// All in Elements: four neighbours are neighbours in a, b and y.
struct Sizes {
  count: u32,
  extents: array<vec4u, 2>,     // innermost first
  aStrides: array<vec4u, 2>,    // 0 where a is repeated
  bStrides: array<vec4u, 2>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<Element>;          // broadcasts to y
@group(0) @binding(2) var<storage, read> b: array<Element>;          // broadcasts to y
@group(0) @binding(3) var<storage, read_write> y: array<Element>;    // [count]

// The value, or NaN where one of the numbers is.
fn or_nan(value: Element, left: Element, right: Element) -> Element {
  let magnitude = max(bitcast<Bits>(left) & Bits(MAGNITUDE), bitcast<Bits>(right) & Bits(MAGNITUDE));
  return select(value, bitcast<Element>(magnitude), magnitude > Bits(INFINITE));
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

fn apply(left: Element, right: Element) -> Element {
  let no = Element(0.0);
  let yes = Element(1.0);
  switch (OPERATION) {
    case ADD: { return left + right; }
    case SUBTRACT: { return left - right; }
    case MULTIPLY: { return left * right; }
    case DIVIDE: { return left / right; }
    case MAXIMUM: { return or_nan(max(left, right), left, right); }
    case MINIMUM: { return or_nan(min(left, right), left, right); }
    case EQUAL: { return select(no, yes, left == right); }
    // Not by "!=", which is false for NaN on Vulkan.
    case NOT_EQUAL: { return select(yes, no, left == right); }
    case LESS: { return select(no, yes, left < right); }
    case LESS_EQUAL: { return select(no, yes, left <= right); }
    case GREATER: { return select(no, yes, left > right); }
    case GREATER_EQUAL: { return select(no, yes, left >= right); }
    case POWER: { return power(left, right); }
    case GATE, default: { return select(no, right, left > no); }
  }
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: iteration begins
  let first = (workgroup.x + workgroup.y * grid.x) * (WIDTH * VALUES);
  let end = min(first + WIDTH * VALUES, sizes.count);

  // Coordinates of the first element, and of the step from one element to the next.
  var place: array<u32, RANK>;
  var step: array<u32, RANK>;
  var rest = first + local.x;
  var rest_of_step = WIDTH;
  for (var axis = 0u; axis + 1u < RANK; axis++) {
    let extent = sizes.extents[axis / 4u][axis % 4u];
    place[axis] = rest % extent;
    step[axis] = rest_of_step % extent;
    rest /= extent;
    rest_of_step /= extent;
  }
  place[RANK - 1u] = rest;
  step[RANK - 1u] = rest_of_step;
  // Read once: a load of a uniform costs as much as any on lavapipe.
  // end region
  var a_strides: array<u32, RANK>;
  var b_strides: array<u32, RANK>;
  for (var axis = 0u; axis < RANK; axis++) {
    a_strides[axis] = sizes.aStrides[axis / 4u][axis % 4u];
    b_strides[axis] = sizes.bStrides[axis / 4u][axis % 4u];
  }

  for (var index = first + local.x; index < end; index += WIDTH) {
    var a_index = 0u;
    var b_index = 0u;
    for (var axis = 0u; axis < RANK; axis++) {
      a_index += place[axis] * a_strides[axis];
      b_index += place[axis] * b_strides[axis];
    }
    y[index] = apply(a[a_index], b[b_index]);
    // region: iteration goes on
    // To the next element: an addition with carries.
    var carry = 0u;
    for (var axis = 0u; axis + 1u < RANK; axis++) {
      let extent = sizes.extents[axis / 4u][axis % 4u];
      let next = place[axis] + step[axis] + carry;
      carry = select(0u, 1u, next >= extent);
      place[axis] = next - carry * extent;
    }
    place[RANK - 1u] += step[RANK - 1u] + carry;
    // end region
  }
}
