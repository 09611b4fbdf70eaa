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
