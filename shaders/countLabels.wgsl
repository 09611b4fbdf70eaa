// Of each chunk of a batch of label maps: entries[p] = the number of labels that are not 255, ignored; f32 (exact: a chunk is short).
//
// One workgroup for each chunk: invocation j counts the labels j, j + WIDTH, ..., then the first invocation adds the WIDTH counts.
//
// launch: ceil(count / length) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations of a workgroup

struct Sizes {
  count: u32,            // labels
  length: u32,           // of a chunk; the last one may be shorter
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> labels: array<u32>;           // u8 [count]
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
  if (first >= sizes.count) { return; }
  let end = min(first + sizes.length, sizes.count);
  var count = 0u;
  for (var at = first + local.x; at < end; at += WIDTH) {
    count += select(1u, 0u, ((labels[at / 4u] >> (8u * (at % 4u))) & 255u) == 255u);
  }
  counts[local.x] = count;
  workgroupBarrier();
  if (local.x != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) { count += counts[other]; }
  entries[chunk] = f32(count);
}
