// Binary cross entropy of logits z with targets t, its sums and its gradient, f32, with weights w and factors p of positive targets:
//   sums[j] = sum over i = j, j + parts, j + 2 parts, ... of w[i] (p[i] t[i] softplus(-z[i]) + (1 - t[i]) softplus(z[i]))
//   gradient[i] = scale * w[i] ((1 - t[i]) sigmoid(z[i]) - p[i] t[i] sigmoid(-z[i]))
//
// With e = exp(-|z|), softplus(z) is z or 0 plus log(1 + e), and sigmoid(z) is 1 or e over 1 + e: both tails keep their digits.
//
// launch: ceil(parts / WIDTH) workgroups
// work: 24 * count * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; sizes are then in fours
const VALUES = 1u;       // knob: numbers in an Element, 1 or 4
const WEIGHTED = false;  // knob: whether there are weights; without them the binding is never read
const POSITIVE = false;  // knob: whether p is a tensor; without it the binding is never read and p is sizes.factor
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // in Elements
  parts: u32,
  period: u32,           // of p, in Elements: it repeats
  factor: f32,
  scale: f32,            // of the gradient
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<Element>;          // [count]
@group(0) @binding(2) var<storage, read> targets: array<Element>;         // [count]
@group(0) @binding(3) var<storage, read> weights: array<Element>;         // [count]
@group(0) @binding(4) var<storage, read> positive: array<Element>;        // [period]
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;          // [parts]
@group(0) @binding(6) var<storage, read_write> gradient: array<Element>;  // [count]

// region: sum across an Element
fn sum_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  if (VALUES == 1u) { return lanes.x; }
  return (lanes.x + lanes.y) + (lanes.z + lanes.w);
}
// end region

// log(1 + e) for e in [0, 1], as log_one_plus elsewhere, of each number of an Element.
fn logs_one_plus(e: Element) -> Element {
  let s = e / (2.0 + e);
  let q = s * s;
  let high = 2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0));
  return e - s * (e - q * (2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * high))));
}

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
    let z = logits[at];
    let t = targets[at];
    let e = exp(-abs(z));
    let logs = logs_one_plus(e);
    let is_positive = z > Element();
    let inverse = 1.0 / (1.0 + e);
    let above = select(e, Element(1.0), is_positive) * inverse;    // sigmoid(z)
    let below = select(Element(1.0), e, is_positive) * inverse;    // sigmoid(-z)
    var p = Element(sizes.factor);
    if (POSITIVE) { p = positive[at % sizes.period]; }
    let weight_of_one = p * t;
    let weight_of_zero = 1.0 - t;
    var term = weight_of_one * (logs + max(-z, Element())) + weight_of_zero * (logs + max(z, Element()));
    var slope = (weight_of_zero * above - weight_of_one * below) * sizes.scale;
    if (WEIGHTED) {
      let weight = weights[at];
      term *= weight;
      slope *= weight;
    }
    sum += term;
    gradient[at] = slope;
  }
  sums[index] = sum_of(sum);
}
