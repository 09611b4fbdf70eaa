// Label-Assemble's losses over pixels, last pass: joins the parts' sums (see assemblePixels), f32.
//   losses = (total, bce, pseudo, consistency): the divided ones, and in front their weighted sum, which total repeats
//
// One workgroup: invocation j adds the parts j, j + WIDTH, ..., then the first invocation adds the WIDTH sums.
//
// launch: 1 workgroup
// work: 3 * parts operations

const WIDTH = 64u;       // knob: invocations of the workgroup

struct Sizes {
  parts: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> sums: array<f32>;           // [3, parts]
@group(0) @binding(2) var<storage, read> head: array<f32>;           // see pixelHead
@group(0) @binding(3) var<storage, read_write> total: array<f32>;    // []
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;   // [4] total, bce, pseudo, consistency

var<workgroup> parts: array<vec3f, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (workgroup.x + workgroup.y != 0u) { return; }
  var loss = vec3f();
  for (var at = local.x; at < sizes.parts; at += WIDTH) {
    loss += vec3f(sums[at], sums[at + sizes.parts], sums[at + 2u * sizes.parts]);
  }
  parts[local.x] = loss;
  workgroupBarrier();
  if (local.x != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) { loss += parts[other]; }
  let divisors = vec2f(head[4], head[5]);
  let lambda = vec2f(head[6], head[7]);
  // region: divided losses
  loss /= divisors.xyy;
  losses[0] = loss.x + lambda.x * loss.y + lambda.y * loss.z;
  losses[1] = loss.x;
  losses[2] = loss.y;
  losses[3] = loss.z;
  // end region
  total[0] = losses[0];
}
