// Label-Assemble's losses, second pass: joins the parts' sums (see assembleSums), f32.
//   losses  = (total, bce, pseudo, consistency): the divided ones, and in front their weighted sum
//   factors = what the gradient pass multiplies by (see assembleGradient)
//
// One workgroup: invocation j adds the parts j, j + WIDTH, ..., then the first invocation adds the WIDTH sums.
//
// launch: 1 workgroup
// work: 5 * parts operations

const WIDTH = 64u;       // knob: invocations of the workgroup

struct Sizes {
  batch: u32,
  parts: u32,
  perBatch: u32,              // 1: every divisor is the batch size, not the number of entries
  through: u32,               // 1: the gradient passes through the pseudo-label
  inverseTemperature: f32,    // sharpening: 1 / t
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> sums: array<f32>;               // [5, parts]
@group(0) @binding(2) var<storage, read> weights: array<f32>;            // [2] of pseudo, of consistency
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;       // [4] total, bce, pseudo, consistency
@group(0) @binding(4) var<storage, read_write> factors: array<f32>;      // [4] bce, pull, agree, agree back

var<workgroup> counts: array<vec2f, WIDTH>;
var<workgroup> parts: array<vec3f, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  var count = vec2f();
  var loss = vec3f();
  for (var at = local.x; at < sizes.parts; at += WIDTH) {
    count += vec2f(sums[at], sums[at + sizes.parts]);
    loss += vec3f(sums[at + 2u * sizes.parts], sums[at + 3u * sizes.parts], sums[at + 4u * sizes.parts]);
  }
  counts[local.x] = count;
  parts[local.x] = loss;
  workgroupBarrier();
  if (local.x != 0u || workgroup.x + workgroup.y != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) {
    count += counts[other];
    loss += parts[other];
  }

  let divisors = select(max(count, vec2f(1.0)), vec2f(f32(sizes.batch)), sizes.perBatch == 1u);
  // region: factors of the residuals
  // Factors of the residuals: through the pseudo-label its own slope 1 - 1/t joins in.
  let lambda = vec2f(weights[0], weights[1]);
  let through = sizes.through == 1u;
  let pull = 2.0 * lambda.x * select(1.0, sizes.inverseTemperature, through) / divisors.y;
  let agree = 2.0 * lambda.y / divisors.y;
  let agree_back = select(0.0, agree * (1.0 - sizes.inverseTemperature), through);
  // end region

  // region: divided losses
  loss /= divisors.xyy;
  losses[0] = loss.x + lambda.x * loss.y + lambda.y * loss.z;
  losses[1] = loss.x;
  losses[2] = loss.y;
  losses[3] = loss.z;
  // end region

  factors[0] = 1.0 / divisors.x;
  factors[1] = pull;
  factors[2] = agree;
  factors[3] = agree_back;
}
