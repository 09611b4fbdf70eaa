// parts[j] = sum over i of x[j + i parts]^2, f32, in a fixed order: the first pass of a norm, which another launch
// (see clipFactor) finishes.
//
// One invocation makes one part, so that neighbouring invocations read neighbouring elements.
//
// launch: ceil(parts / WIDTH) workgroups
// work: 2 * count * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time, each with a sum of its own
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // in Elements
  parts: u32,            // in Elements
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;              // [count]
@group(0) @binding(2) var<storage, read_write> parts: array<Element>;    // [parts]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let part = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (part >= sizes.parts) { return; }
  var sum = Element();
  for (var at = part; at < sizes.count; at += sizes.parts) {
    let value = x[at];
    sum += value * value;
  }
  parts[part] = sum;
}
