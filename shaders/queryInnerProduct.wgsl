// Label-Assemble's head: logits[b, k] = (sum over d of features[b, d] * theta[k, d]) + bias[k], f32.
//
// One invocation computes ROWS rows of one class: neighbours own neighbouring classes, so they share the loads of
// the features, and each value of theta is used ROWS times from a register. Sums run over d in order.
//
// launch: ceil(ceil(batch / ROWS) * classes / WIDTH) workgroups
// work: 2 * batch * classes * features operations

const ROWS = 1u;         // knob: rows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  batch: u32,
  classes: u32,
  features: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> features: array<f32>;       // [batch, features]
@group(0) @binding(2) var<storage, read> theta: array<f32>;          // [classes, features]
@group(0) @binding(3) var<storage, read> bias: array<f32>;           // [classes]
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;   // [batch, classes]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let class_index = index % sizes.classes;
  let first = index / sizes.classes * ROWS;
  if (first >= sizes.batch) { return; }

  var at: array<u32, ROWS>;
  var sums: array<f32, ROWS>;
  for (var i = 0u; i < ROWS; i++) {
    // Rows past the edge read the last row and are dropped at the store.
    at[i] = min(first + i, sizes.batch - 1u) * sizes.features;
  }
  let row_of_theta = class_index * sizes.features;
  for (var d = 0u; d < sizes.features; d++) {
    let weight = theta[row_of_theta + d];
    for (var i = 0u; i < ROWS; i++) { sums[i] = fma(features[at[i] + d], weight, sums[i]); }
  }
  for (var i = 0u; i < ROWS; i++) {
    if (first + i < sizes.batch) { logits[(first + i) * sizes.classes + class_index] = sums[i] + bias[class_index]; }
  }
}
