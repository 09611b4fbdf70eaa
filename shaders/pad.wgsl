// y = x with zeros around it, f32: y[i] = x[i - before] where that lies inside x, else 0, for up to six axes.
//
// One invocation writes one element of y, so y need not be cleared first; neighbouring invocations own neighbouring
// elements. A coordinate takes a division per extent beyond the first; the host merges axes that are not padded.

const RANK = 2u;         // knob: extents to walk, 1 to 6
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  extents: array<vec4u, 2>,         // of y, innermost first
  before: array<vec4u, 2>,          // zeros in front of x
  inputExtents: array<vec4u, 2>,    // of x
  inputStrides: array<vec4u, 2>,    // of x, in elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [inputExtents]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;    // [extents]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  var rest = index;
  var x_index = 0u;
  var inside = true;
  for (var axis = 0u; axis < RANK; axis++) {
    var outer = 0u;
    if (axis + 1u < RANK) { outer = rest / sizes.extents[axis / 4u][axis % 4u]; }
    // In front of x the difference wraps around to a huge number, so one comparison bounds both sides.
    let position = rest - outer * sizes.extents[axis / 4u][axis % 4u] - sizes.before[axis / 4u][axis % 4u];
    inside = inside && position < sizes.inputExtents[axis / 4u][axis % 4u];
    x_index += position * sizes.inputStrides[axis / 4u][axis % 4u];
    rest = outer;
  }
  var value = 0.0;
  if (inside) { value = x[x_index]; }
  y[index] = value;
}
