// y[i] = condition[i] != 0 ? a[i] : b[i], f32, with all three broadcast to the shape of y.
//
// Laid out as binary.wgsl. Both values are read, whatever the condition: a branch would be no cheaper. The condition is
// looked at by its bits: NaN and the smallest numbers are not 0, whatever a compiler assumes about them.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 0 operations

// region: iteration knobs
alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time
const RANK = 2u;         // knob: extents to iterate over, 1 to 6
const VALUES = 16u;      // knob: elements per invocation
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

alias Bits = i32;        // bits of Element

// All in Elements: four neighbours are neighbours in all four tensors.
struct Sizes {
  count: u32,
  extents: array<vec4u, 2>,             // innermost first
  conditionStrides: array<vec4u, 2>,    // 0 where the condition is repeated
  aStrides: array<vec4u, 2>,
  bStrides: array<vec4u, 2>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> condition: array<Bits>;       // broadcasts to y; anything but 0 and -0 is true
@group(0) @binding(2) var<storage, read> a: array<Element>;            // broadcasts to y
@group(0) @binding(3) var<storage, read> b: array<Element>;            // broadcasts to y
@group(0) @binding(4) var<storage, read_write> y: array<Element>;      // [count]

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
  var condition_strides: array<u32, RANK>;
  var a_strides: array<u32, RANK>;
  var b_strides: array<u32, RANK>;
  for (var axis = 0u; axis < RANK; axis++) {
    condition_strides[axis] = sizes.conditionStrides[axis / 4u][axis % 4u];
    a_strides[axis] = sizes.aStrides[axis / 4u][axis % 4u];
    b_strides[axis] = sizes.bStrides[axis / 4u][axis % 4u];
  }

  for (var index = first + local.x; index < end; index += WIDTH) {
    var condition_index = 0u;
    var a_index = 0u;
    var b_index = 0u;
    for (var axis = 0u; axis < RANK; axis++) {
      condition_index += place[axis] * condition_strides[axis];
      a_index += place[axis] * a_strides[axis];
      b_index += place[axis] * b_strides[axis];
    }
    let magnitude = condition[condition_index] & Bits(0x7fffffff);
    y[index] = select(b[b_index], a[a_index], magnitude != Bits());
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
