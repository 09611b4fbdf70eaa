// Lists of the indices that name each row: first[row] = 1 + the smallest b with min(indices[b], rows - 1) = row, and
// next[b] = 1 + the next larger such b; 0 where there is none.
//
// One workgroup empties the lists, and its first invocation links all indices, from the last to the first: a step for each
// index, which a core of a CPU does faster than any sorting in parallel. On a GPU it is slow: see rowDigitCounts.
//
// launch: 1 workgroup
// work: taken operations

const WIDTH = 64u;       // knob: invocations of the workgroup

struct Sizes {
  rows: u32,
  taken: u32,            // indices
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> indices: array<u32>;              // [taken]
@group(0) @binding(2) var<storage, read_write> firsts: array<u32>;         // [rows]
@group(0) @binding(3) var<storage, read_write> nexts: array<u32>;          // [taken]

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  for (var row = local.x; row < sizes.rows; row += WIDTH) { firsts[row] = 0u; }
  storageBarrier();
  if (workgroup.x + workgroup.y + local.x != 0u) { return; }
  for (var b = sizes.taken; b > 0u; b--) {
    let row = min(indices[b - 1u], sizes.rows - 1u);
    nexts[b - 1u] = firsts[row];
    firsts[row] = b;
  }
}
