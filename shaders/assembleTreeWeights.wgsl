// The weights of Label-Assemble's losses, and behind them the class above each class, f32: one binding for both in
// assembleTreeLoss, which has no other left.
//   joined = (weights[0], weights[1], min(parents[0], classes), ..., min(parents[classes - 1], classes))
//
// One invocation writes one number.
//
// launch: ceil((classes + 2) / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes { classes: u32 }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weights: array<f32>;          // [2] of pseudo, of consistency
@group(0) @binding(2) var<storage, read> parents: array<u32>;          // [classes]; >= classes: none
@group(0) @binding(3) var<storage, read_write> joined: array<f32>;     // [2 + classes]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let at = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (at >= sizes.classes + 2u) { return; }
  if (at < 2u) {
    joined[at] = weights[at];
  } else {
    joined[at] = f32(min(parents[at - 2u], sizes.classes));
  }
}
