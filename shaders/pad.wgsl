// y = x with zeros around it, f32: y[i] = x[i - before] where that lies inside x, else 0, for up to six axes.
//
// Every element of y is written, so y need not be cleared first. Laid out as binary.wgsl; the host merges axes that
// are not padded.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 0 operations

// region: iteration knobs
alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const RANK = 2u;         // knob: extents to iterate over, 1 to 6
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

// All in Elements: four neighbours are all zeros, or neighbours in x.
struct Sizes {
  count: u32,
  extents: array<vec4u, 2>,     // of y, innermost first
  before: array<vec4u, 2>,      // zeros in front of x
  xExtents: array<vec4u, 2>,    // of x
  xStrides: array<vec4u, 2>,    // of x
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [xExtents]
@group(0) @binding(2) var<storage, read_write> y: array<Element>;    // [extents]

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
  var before: array<u32, RANK>;
  var x_extents: array<u32, RANK>;
  var x_strides: array<u32, RANK>;
  for (var axis = 0u; axis < RANK; axis++) {
    before[axis] = sizes.before[axis / 4u][axis % 4u];
    x_extents[axis] = sizes.xExtents[axis / 4u][axis % 4u];
    x_strides[axis] = sizes.xStrides[axis / 4u][axis % 4u];
  }

  for (var index = first + local.x; index < end; index += WIDTH) {
    var x_index = 0u;
    var inside = true;
    for (var axis = 0u; axis < RANK; axis++) {
      // In front of x the difference wraps around to a huge number, so one comparison bounds both sides.
      let position = place[axis] - before[axis];
      inside = inside && position < x_extents[axis];
      x_index += position * x_strides[axis];
    }
    var value = Element();
    if (inside) { value = x[x_index]; }
    y[index] = value;
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
