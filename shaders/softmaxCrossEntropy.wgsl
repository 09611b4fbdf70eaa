// Softmax cross entropy of each row and its gradient, from logits z and targets t[rows, classes], f32:
//   loss[r] = sum over k of t[r, k] (log(sum over j of exp(z[r, j])) - z[r, k])
//   gradient[r, k] = (softmax(z[r])[k] * sum over j of t[r, j] - t[r, k]) * scale
//
// One invocation computes one row. Logits are taken relative to the row's largest, so no exponential overflows. The sum
// over the other classes is kept apart: where the largest is all but certain, 1 - softmax and the loss are as small as
// that sum, and are computed from it.
//
// launch: ceil(rows / WIDTH) workgroups
// work: 8 * rows * classes operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  classes: u32,
  scale: f32,            // factor of the gradient: 1 / rows for a mean
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<f32>;           // [rows, classes]
@group(0) @binding(2) var<storage, read> targets: array<f32>;          // [rows, classes]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;       // [rows]
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;   // [rows, classes]

// region: log of one plus
// log(1 + e) for e in [0, 1]: WGSL has no log1p, 1 + e loses the digits of a small e, and WGSL's log those of a result near
// 0. With s = e / (2 + e) it is 2 atanh(s), a series in s^2; here it is taken as e - s (e - ...), where neither s nor the
// series needs all of its digits.
fn log_one_plus(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  let high = 2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0));
  return e - s * (e - q * (2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * high))));
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let row = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (row >= sizes.rows) { return; }
  let first = row * sizes.classes;
  let end = first + sizes.classes;

  var largest = logits[first];
  var top = first;
  for (var at = first + 1u; at < end; at++) {
    if (logits[at] > largest) {
      largest = logits[at];
      top = at;
    }
  }
  var others = 0.0;
  var mass = 0.0;
  var product = 0.0;
  for (var at = first; at < end; at++) {
    let relative = logits[at] - largest;
    let goal = targets[at];
    if (at != top) { others += exp(relative); }
    mass += goal;
    product = fma(goal, relative, product);
  }
  let log_sum = select(log(1.0 + others), log_one_plus(others), others <= 1.0);
  loss[row] = mass * log_sum - product;
  let sum = 1.0 + others;
  for (var at = first; at < end; at++) {
    let own = exp(logits[at] - largest);
    let rest = select(sum - own, others, at == top);
    let goal = targets[at];
    gradient[at] = ((mass - goal) * own - goal * rest) / sum * sizes.scale;
  }
}
