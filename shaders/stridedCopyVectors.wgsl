// y[outputStart + sum over axes of i * outputStride] = x[inputStart + sum over axes of i * inputStride], f32, four
// neighbours at a time.
//
// As stridedCopy.wgsl, but one invocation copies four elements that are neighbours in x and y. The count, the
// starts, extents and strides are in steps of four elements.

const RANK = 2u;         // knob: extents to walk, 1 to 6
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  inputStart: u32,
  outputStart: u32,
  extents: array<vec4u, 2>,          // innermost first
  inputStrides: array<vec4u, 2>,     // 0 where x is repeated
  outputStrides: array<vec4u, 2>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // holds every element that the walk reads
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;    // holds every element that the walk writes

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  var rest = index;
  var x_index = sizes.inputStart;
  var y_index = sizes.outputStart;
  for (var axis = 0u; axis < RANK; axis++) {
    // The outermost coordinate is what is left: no division.
    var outer = 0u;
    if (axis + 1u < RANK) { outer = rest / sizes.extents[axis / 4u][axis % 4u]; }
    let position = rest - outer * sizes.extents[axis / 4u][axis % 4u];
    x_index += position * sizes.inputStrides[axis / 4u][axis % 4u];
    y_index += position * sizes.outputStrides[axis / 4u][axis % 4u];
    rest = outer;
  }
  y[y_index] = x[x_index];
}
