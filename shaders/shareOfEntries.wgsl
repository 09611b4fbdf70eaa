// share = 1 / (number of rows whose class is not the one to ignore), or 1 where there is none, f32.
//
// One workgroup: invocation j counts the rows j, j + WIDTH, ..., then the first invocation adds the WIDTH counts.
//
// launch: 1 workgroup
// work: 0 operations

const WIDTH = 256u;      // knob: invocations of the workgroup

struct Sizes {
  rows: u32,
  ignores: u32,          // 1 where there is a class to ignore, else 0
  ignore: u32,           // that class
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> targets: array<u32>;        // [rows]
@group(0) @binding(2) var<storage, read_write> share: array<f32>;    // [1]

var<workgroup> counts: array<u32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  var count = 0u;
  for (var row = local.x; row < sizes.rows; row += WIDTH) {
    count += select(1u, 0u, sizes.ignores == 1u && targets[row] == sizes.ignore);
  }
  counts[local.x] = count;
  workgroupBarrier();
  if (local.x != 0u || workgroup.x + workgroup.y != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) { count += counts[other]; }
  share[0] = 1.0 / f32(max(count, 1u));
}
