// Label-Assemble's losses over pixels, second pass: joins the counts' parts (see pixelCounts) and lays what the pixels need
// of the head side by side, f32.
//   head[0 .. 8)          = bce, pull, agree, agree back (see assemblePixels); the divisors of bce and of the other two;
//                           lambda of pseudo and of consistency
//   head[8 + k (D + 2)..] = bias, weight, theta of class k
//
// One workgroup: invocation j adds the parts j, j + WIDTH, ..., then the first invocation adds the WIDTH sums.
//
// launch: 1 workgroup
// work: 3 * parts + classes * (features + 2) operations

const WEIGHTED = false;  // knob: whether classes have weights; without them the binding is never read
const WIDTH = 64u;       // knob: invocations of the workgroup

// region: unsupervised entries
const ABSENT = 0u;       // value of unsupervised: those without a label
const ALL = 1u;          // value of unsupervised: all
const LABELLED = 2u;     // value of unsupervised: those with a label
// end region

struct Sizes {
  classes: u32,
  features: u32,
  parts: u32,
  perBatch: u32,              // 1: every divisor is the number of pixels, not of entries
  through: u32,               // 1: the gradient passes through the pseudo-label
  unsupervised: u32,          // entries of pseudo and consistency
  inverseTemperature: f32,    // sharpening: 1 / t
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> sums: array<f32>;            // [3, parts]
@group(0) @binding(2) var<storage, read> weights: array<f32>;         // [2] of pseudo, of consistency
@group(0) @binding(3) var<storage, read> theta: array<f32>;           // [classes, features]
@group(0) @binding(4) var<storage, read> bias: array<f32>;            // [classes]
@group(0) @binding(5) var<storage, read> classWeights: array<f32>;    // [classes]
@group(0) @binding(6) var<storage, read_write> head: array<f32>;      // [8 + classes (features + 2)]

const FACTORS = 8u;
var<workgroup> parts: array<vec3f, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (workgroup.x + workgroup.y != 0u) { return; }
  var count = vec3f();
  for (var at = local.x; at < sizes.parts; at += WIDTH) {
    count += vec3f(sums[at], sums[at + sizes.parts], sums[at + 2u * sizes.parts]);
  }
  parts[local.x] = count;
  let row = sizes.features + 2u;
  for (var at = local.x; at < sizes.classes * row; at += WIDTH) {
    let class_index = at / row;
    let column = at % row;
    var value = 1.0;
    if (column == 0u) {
      value = bias[class_index];
    } else if (column > 1u) {
      value = theta[class_index * sizes.features + column - 2u];
    } else if (WEIGHTED) {
      value = classWeights[class_index];
    }
    head[FACTORS + at] = value;
  }
  workgroupBarrier();
  if (local.x != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) { count += parts[other]; }

  let labelled = count.y;
  var entries = count.x * f32(sizes.classes);
  if (sizes.unsupervised == ABSENT) { entries -= labelled; }
  if (sizes.unsupervised == LABELLED) { entries = labelled; }
  // The mean weight of the labelled entries: dividing by it makes equal weights change nothing.
  var mean_weight = 1.0;
  if (WEIGHTED && count.z != 0.0) { mean_weight = count.z / labelled; }
  var divisors = max(select(vec2f(labelled, entries), vec2f(count.x), sizes.perBatch == 1u), vec2f(1.0));
  divisors.x *= mean_weight;

  // region: factors of the residuals
  // Factors of the residuals: through the pseudo-label its own slope 1 - 1/t joins in.
  let lambda = vec2f(weights[0], weights[1]);
  let through = sizes.through == 1u;
  let pull = 2.0 * lambda.x * select(1.0, sizes.inverseTemperature, through) / divisors.y;
  let agree = 2.0 * lambda.y / divisors.y;
  let agree_back = select(0.0, agree * (1.0 - sizes.inverseTemperature), through);
  // end region

  head[0] = 1.0 / divisors.x;
  head[1] = pull;
  head[2] = agree;
  head[3] = agree_back;
  head[4] = divisors.x;
  head[5] = divisors.y;
  head[6] = lambda.x;
  head[7] = lambda.y;
}
