// y[i] = f(a[i], b[i]), f32, with a and b broadcast to the shape of y.
//
// One invocation computes VALUES elements, WIDTH apart, so that neighbouring invocations own neighbouring elements of
// y. The position of an element in a and b takes a division per extent beyond the first, so it is worked out once per
// invocation; the elements after the first are reached by adding with carries. The host merges extents where it can:
// equal shapes need no more than one, [N, H, W, C] with [C] two. Their number is a knob, not a uniform: a loop of
// known length is 3 times faster on lavapipe (2026).

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const OPERATION = 1u;    // knob: which function, see apply()
const RANK = 2u;         // knob: extents to walk, 1 to 6
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

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

fn apply(left: Element, right: Element) -> Element {
  let no = Element(0.0);
  let yes = Element(1.0);
  switch (OPERATION) {
    case 1u: { return left + right; }
    case 2u: { return left - right; }
    case 3u: { return left * right; }
    case 4u: { return left / right; }
    case 5u: { return max(left, right); }
    case 6u: { return min(left, right); }
    case 7u: { return select(no, yes, left == right); }
    case 8u: { return select(no, yes, left != right); }
    case 9u: { return select(no, yes, left < right); }
    case 10u: { return select(no, yes, left <= right); }
    case 11u: { return select(no, yes, left > right); }
    case 12u: { return select(no, yes, left >= right); }
    default: { return select(no, right, left > no); }
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
    // To the next element: an addition with carries.
    var carry = 0u;
    for (var axis = 0u; axis + 1u < RANK; axis++) {
      let extent = sizes.extents[axis / 4u][axis % 4u];
      let next = place[axis] + step[axis] + carry;
      carry = select(0u, 1u, next >= extent);
      place[axis] = next - carry * extent;
    }
    place[RANK - 1u] += step[RANK - 1u] + carry;
  }
}
