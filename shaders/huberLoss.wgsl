// Huber's loss of r = x - t, its sums and its gradient, f32: with c = r limited to [-delta, delta],
//   sums[j] = sum over i = j, j + parts, j + 2 parts, ... of c[i] (r[i] - c[i] / 2)
//   gradient[i] = scale * c[i], that with respect to x
//
// A NaN is told by its bits, since WGSL lets a compiler assume that there is none.
//
// launch: ceil(parts / WIDTH) workgroups
// work: 7 * count * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; sizes are then in fours
const VALUES = 1u;       // knob: numbers in an Element, 1 or 4
alias Bits = i32;        // bits of Element
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // in Elements
  parts: u32,
  delta: f32,
  scale: f32,            // of the gradient
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;               // [count]
@group(0) @binding(2) var<storage, read> targets: array<Element>;         // [count]
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;          // [parts]
@group(0) @binding(4) var<storage, read_write> gradient: array<Element>;  // [count]

// region: sum across an Element
fn sum_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  if (VALUES == 1u) { return lanes.x; }
  return (lanes.x + lanes.y) + (lanes.z + lanes.w);
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.parts) { return; }
  var sum = Element();
  for (var at = index; at < sizes.count; at += sizes.parts) {
    let r = x[at] - targets[at];
    let is_nan = (bitcast<Bits>(r) & Bits(0x7fffffff)) > Bits(0x7f800000);
    let c = select(clamp(r, Element(-sizes.delta), Element(sizes.delta)), r, is_nan);
    sum += c * (r - 0.5 * c);
    gradient[at] = c * sizes.scale;
  }
  sums[index] = sum_of(sum);
}
