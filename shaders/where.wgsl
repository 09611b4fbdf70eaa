// y[i] = condition[i] != 0 ? a[i] : b[i], f32, with all three broadcast to the shape of y.
//
// One invocation computes one element; neighbouring invocations own neighbouring elements of y. Index arithmetic as
// in binary.wgsl. Both values are read, whatever the condition: a branch would be no cheaper.

const RANK = 2u;         // knob: extents to walk, 1 to 6
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  extents: array<vec4u, 2>,             // innermost first
  conditionStrides: array<vec4u, 2>,    // in elements, 0 where the condition is repeated
  aStrides: array<vec4u, 2>,
  bStrides: array<vec4u, 2>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> condition: array<f32>;    // broadcasts to y; anything but 0 is true
@group(0) @binding(2) var<storage, read> a: array<f32>;            // broadcasts to y
@group(0) @binding(3) var<storage, read> b: array<f32>;            // broadcasts to y
@group(0) @binding(4) var<storage, read_write> y: array<f32>;      // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  var rest = index;
  var condition_index = 0u;
  var a_index = 0u;
  var b_index = 0u;
  for (var axis = 0u; axis < RANK; axis++) {
    // The outermost coordinate is what is left: no division.
    var outer = 0u;
    if (axis + 1u < RANK) { outer = rest / sizes.extents[axis / 4u][axis % 4u]; }
    let position = rest - outer * sizes.extents[axis / 4u][axis % 4u];
    condition_index += position * sizes.conditionStrides[axis / 4u][axis % 4u];
    a_index += position * sizes.aStrides[axis / 4u][axis % 4u];
    b_index += position * sizes.bStrides[axis / 4u][axis % 4u];
    rest = outer;
  }
  y[index] = select(b[b_index], a[a_index], condition[condition_index] != 0.0);
}
