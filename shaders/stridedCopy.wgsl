// y[yStart + sum over axes of i * yStride] = x[xStart + sum over axes of i * xStride], f32.
//
// Transposes, slices, broadcasts, and each part of a concatenation. Laid out as binary.wgsl.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 0 operations

// region: iteration knobs
alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const RANK = 2u;         // knob: extents to iterate over, 1 to 6
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

// All in Elements: four neighbours are neighbours in x and y.
struct Sizes {
  count: u32,
  xStart: u32,
  yStart: u32,
  extents: array<vec4u, 2>,     // innermost first
  xStrides: array<vec4u, 2>,    // 0 where x is repeated
  yStrides: array<vec4u, 2>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // holds every element that the iteration reads
@group(0) @binding(2) var<storage, read_write> y: array<Element>;    // holds every element that the iteration writes

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
  var x_strides: array<u32, RANK>;
  var y_strides: array<u32, RANK>;
  for (var axis = 0u; axis < RANK; axis++) {
    x_strides[axis] = sizes.xStrides[axis / 4u][axis % 4u];
    y_strides[axis] = sizes.yStrides[axis / 4u][axis % 4u];
  }

  for (var index = first + local.x; index < end; index += WIDTH) {
    var x_index = sizes.xStart;
    var y_index = sizes.yStart;
    for (var axis = 0u; axis < RANK; axis++) {
      x_index += place[axis] * x_strides[axis];
      y_index += place[axis] * y_strides[axis];
    }
    y[y_index] = x[x_index];
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
