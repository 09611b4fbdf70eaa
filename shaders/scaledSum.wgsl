// Of each chunk of x: total[p] = scale * (sum over the chunk's i of x[i]), f32, in a fixed order.
//
// One workgroup for each chunk: invocation j adds x[j], x[j + WIDTH], ..., the first invocations add PARTS sums each, and the first
// one adds what they have. A long sum takes two launches, the second one over the totals of the first.
//
// launch: ceil(count / length) workgroups
// work: count operations

const WIDTH = 256u;      // knob: invocations of a workgroup, a multiple of 16

const PARTS = 16u;

struct Sizes {
  count: u32,
  length: u32,           // of a chunk; the last one may be shorter
  scale: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [count]
@group(0) @binding(2) var<storage, read_write> total: array<f32>;    // [chunks]

var<workgroup> sums: array<f32, WIDTH>;
var<workgroup> fewer: array<f32, WIDTH / PARTS>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let chunk = workgroup.x + workgroup.y * grid.x;
  let first = chunk * sizes.length;
  if (first >= sizes.count) { return; }
  let end = min(first + sizes.length, sizes.count);
  var sum = 0.0;
  for (var at = first + local.x; at < end; at += WIDTH) { sum += x[at]; }
  sums[local.x] = sum;
  workgroupBarrier();
  if (local.x < WIDTH / PARTS) {
    sum = 0.0;
    for (var part = 0u; part < PARTS; part++) { sum += sums[local.x * PARTS + part]; }
    fewer[local.x] = sum;
  }
  workgroupBarrier();
  if (local.x != 0u) { return; }
  for (var other = 1u; other < WIDTH / PARTS; other++) { sum += fewer[other]; }
  total[chunk] = sum * sizes.scale;
}
