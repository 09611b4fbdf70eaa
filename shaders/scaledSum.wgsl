// total = scale * (sum over i of x[i]), f32, in a fixed order.
//
// One workgroup: invocation j adds x[j], x[j + WIDTH], ..., then the first invocation adds the WIDTH sums.
//
// launch: 1 workgroup
// work: count operations

const WIDTH = 256u;      // knob: invocations of the workgroup

struct Sizes {
  count: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [count]
@group(0) @binding(2) var<storage, read_write> total: array<f32>;    // [1]

var<workgroup> sums: array<f32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  var sum = 0.0;
  for (var at = local.x; at < sizes.count; at += WIDTH) { sum += x[at]; }
  sums[local.x] = sum;
  workgroupBarrier();
  if (local.x != 0u || workgroup.x + workgroup.y != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) { sum += sums[other]; }
  total[0] = sum * sizes.scale;
}
