// Softmax cross entropy of each row and its gradient, from logits z and a class c[r] for each row, f32, with smoothing s:
//   t[r, k] = (1 - s) (1 where k = c[r], else 0) + s / classes
//   loss[r] = share * sum over k of t[r, k] (log(sum over j of exp(z[r, j])) - z[r, k])
//   gradient[r, k] = share * (softmax(z[r])[k] - t[r, k])
// and 0, both, where c[r] is the class to ignore. A class that there is not gives NaN, in both.
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
  ignores: u32,          // 1 where there is a class to ignore, else 0
  ignore: u32,           // that class
  smoothing: f32,
  nan: u32,              // the bits of NaN, which WGSL has no literal for
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<f32>;           // [rows, classes]
@group(0) @binding(2) var<storage, read> targets: array<u32>;          // [rows], their classes
@group(0) @binding(3) var<storage, read> share: array<f32>;            // [1]
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;       // [rows]
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;   // [rows, classes]

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
  let wanted = targets[row];
  let is_ignored = sizes.ignores == 1u && wanted == sizes.ignore;
  if (is_ignored || wanted >= sizes.classes) {
    let value = select(bitcast<f32>(sizes.nan), 0.0, is_ignored);
    loss[row] = value;
    for (var at = first; at < end; at++) { gradient[at] = value; }
    return;
  }

  var largest = logits[first];
  var top = first;
  for (var at = first + 1u; at < end; at++) {
    let logit = logits[at];
    if (logit > largest) {
      largest = logit;
      top = at;
    }
  }
  var others = 0.0;
  var relatives = 0.0;
  for (var at = first; at < end; at++) {
    let relative = logits[at] - largest;
    if (at != top) { others += exp(relative); }
    relatives += relative;
  }
  let log_sum = select(log(1.0 + others), log_one_plus(others), others <= 1.0);
  let spread = sizes.smoothing / f32(sizes.classes);
  var product = (1.0 - sizes.smoothing) * (logits[first + wanted] - largest);
  if (sizes.smoothing > 0.0) { product = fma(spread, relatives, product); }
  loss[row] = (log_sum - product) * share[0];
  let sum = 1.0 + others;
  for (var at = first; at < end; at++) {
    let own = exp(logits[at] - largest);
    let rest = select(sum - own, others, at == top);
    let goal = spread + select(0.0, 1.0 - sizes.smoothing, at == first + wanted);
    gradient[at] = ((1.0 - goal) * own - goal * rest) / sum * share[0];
  }
}
