// The Dice loss over labelled pixels, last pass: its gradients by the logits, in place of the slopes of diceSums, f32.
//   gradients[p, k] = -factors[0, k] slope where the slope is below 0 (y is 1), factors[1, k] slope elsewhere; 0 where
//   either is 0: the class has no positive, the entry no label
//
// One invocation computes one entry (pixel, class).
//
// launch: ceil(entries / WIDTH) workgroups
// work: 2 * entries operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  entries: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> factors: array<f32>;         // [2, classes]
@group(0) @binding(2) var<storage, read_write> gradients: array<f32>; // [entries]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let entry = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (entry >= sizes.entries) { return; }
  let class_index = entry % sizes.classes;
  let slope = gradients[entry];
  let by_one = factors[class_index];
  var gradient = select(factors[sizes.classes + class_index], -by_one, slope < 0.0) * slope;
  // A class without a positive has no gradient, and neither has an entry without a label, not even where a logit is no number.
  if (by_one == 0.0 || slope == 0.0) { gradient = 0.0; }
  gradients[entry] = gradient;
}
