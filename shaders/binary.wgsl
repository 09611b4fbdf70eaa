// y[i] = f(a[i], b[i]), f32, with a and b broadcast to the shape of y.
//
// One invocation computes one element; neighbouring invocations own neighbouring elements of y. The position of an
// element in a and b takes a division per extent beyond the first, so the host merges extents where it can: equal
// shapes need none, [N, H, W, C] with [C] one. Their number is a knob, not a uniform: a loop of known length is 3
// times faster on lavapipe (2026).

const OPERATION = 1u;    // knob: which function, see apply()
const RANK = 2u;         // knob: extents to walk, 1 to 6
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  extents: array<vec4u, 2>,     // innermost first
  aStrides: array<vec4u, 2>,    // in elements, 0 where a is repeated
  bStrides: array<vec4u, 2>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // broadcasts to y
@group(0) @binding(2) var<storage, read> b: array<f32>;          // broadcasts to y
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [count]

fn apply(left: f32, right: f32) -> f32 {
  switch (OPERATION) {
    case 1u: { return left + right; }
    case 2u: { return left - right; }
    case 3u: { return left * right; }
    case 4u: { return left / right; }
    case 5u: { return max(left, right); }
    case 6u: { return min(left, right); }
    case 7u: { return select(0.0, 1.0, left == right); }
    case 8u: { return select(0.0, 1.0, left != right); }
    case 9u: { return select(0.0, 1.0, left < right); }
    case 10u: { return select(0.0, 1.0, left <= right); }
    case 11u: { return select(0.0, 1.0, left > right); }
    case 12u: { return select(0.0, 1.0, left >= right); }
    default: { return select(0.0, right, left > 0.0); }
  }
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  var rest = index;
  var a_index = 0u;
  var b_index = 0u;
  for (var axis = 0u; axis < RANK; axis++) {
    // The outermost coordinate is what is left: no division.
    var outer = 0u;
    if (axis + 1u < RANK) { outer = rest / sizes.extents[axis / 4u][axis % 4u]; }
    let position = rest - outer * sizes.extents[axis / 4u][axis % 4u];
    a_index += position * sizes.aStrides[axis / 4u][axis % 4u];
    b_index += position * sizes.bStrides[axis / 4u][axis % 4u];
    rest = outer;
  }
  y[index] = apply(a[a_index], b[b_index]);
}
