// Of each chunk of rows, or of pixels of label maps: entries[p] = the number of those whose class is not the one to ignore, f32
// (exact: a chunk is short).
//
// One workgroup for each chunk: invocation j counts the rows j, j + WIDTH, ..., then the first invocation adds the WIDTH counts.
//
// launch: ceil(rows / length) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations of a workgroup
const EACH = 1u;         // knob: classes in a word of targets: 1, or 4 where they are u8
const BITS = 32u / EACH;
const MASK = 0xffffffffu >> (32u - BITS);

struct Sizes {
  rows: u32,
  length: u32,           // of a chunk; the last one may be shorter
  ignores: u32,          // 1 where there is a class to ignore, else 0
  ignore: u32,           // that class
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> targets: array<u32>;          // u32 or u8 [rows]
@group(0) @binding(2) var<storage, read_write> entries: array<f32>;    // [chunks]

var<workgroup> counts: array<u32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let chunk = workgroup.x + workgroup.y * grid.x;
  let first = chunk * sizes.length;
  if (first >= sizes.rows) { return; }
  let end = min(first + sizes.length, sizes.rows);
  var count = 0u;
  for (var row = first + local.x; row < end; row += WIDTH) {
    let found = (targets[row / EACH] >> (BITS * (row % EACH))) & MASK;
    count += select(1u, 0u, sizes.ignores == 1u && found == sizes.ignore);
  }
  counts[local.x] = count;
  workgroupBarrier();
  if (local.x != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) { count += counts[other]; }
  entries[chunk] = f32(count);
}
