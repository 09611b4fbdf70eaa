// The Dice loss over labelled pixels, second pass: joins the parts' sums (see diceSums), f32. With E, I, T the sums of a class,
// Q = E + 2 I + s, and C the number of classes with a positive, T > 0:
//   loss = sum over these of E / Q / C, which is 1 - mean of (2 I + s) / (P + T + s) without a difference of large numbers
//   factors[0, k] = -(Q + E) / Q^2 / C, factors[1, k] = (2 I + s) / Q^2 / C: the loss by a where y is 1, and where it is 0;
//   0 for a class without a positive
//
// One workgroup: invocation j adds the parts of the classes j, j + WIDTH, ..., then all have the number of classes.
//
// launch: 1 workgroup
// work: 3 * parts * classes operations

const WIDTH = 64u;       // knob: invocations of the workgroup

struct Sizes {
  classes: u32,
  parts: u32,
  smoothing: f32,        // s
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> sums: array<f32>;             // [3, parts, classes]
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;       // []
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;    // [2, classes]

var<workgroup> losses: array<vec2f, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (workgroup.x + workgroup.y != 0u) { return; }
  var own = vec2f();   // the losses of the classes, and how many there are
  for (var k = local.x; k < sizes.classes; k += WIDTH) {
    var sum = vec3f();
    for (var part = 0u; part < sizes.parts; part++) {
      let at = part * sizes.classes + k;
      let rows = sizes.parts * sizes.classes;
      sum += vec3f(sums[at], sums[at + rows], sums[at + 2u * rows]);
    }
    var by_one = 0.0;
    var by_zero = 0.0;
    if (sum.z > 0.0) {
      let below = sum.x + 2.0 * sum.y + sizes.smoothing;
      own += vec2f(sum.x / below, 1.0);
      by_one = -(below + sum.x) / below / below;
      by_zero = (2.0 * sum.y + sizes.smoothing) / below / below;
    }
    factors[k] = by_one;
    factors[sizes.classes + k] = by_zero;
  }
  losses[local.x] = own;
  workgroupBarrier();
  var total = vec2f();
  for (var other = 0u; other < WIDTH; other++) { total += losses[other]; }
  let count = max(total.y, 1.0);
  for (var k = local.x; k < sizes.classes; k += WIDTH) {
    factors[k] /= count;
    factors[sizes.classes + k] /= count;
  }
  if (local.x == 0u) { loss[0] = total.x / count; }
}
