// First pass of one round of a stable counting sort: how often each digit occurs among the indices of a block.
//   y[block, digit] = number of b in order[block * WIDTH ...] whose index min(indices[b], rows - 1) has that digit
//
// One workgroup counts one block of WIDTH indices; invocation d counts the digit d, so no atomics are needed.
//
// launch: ceil(count / WIDTH) workgroups
// work: count * WIDTH operations

const FIRST = 0u;        // knob: 1 in the first round, where the order is that of the indices and nothing is read
const WIDTH = 256u;      // knob: invocations per workgroup, and values of a digit

struct Sizes {
  // region: indices to sort
  count: u32,            // indices
  rows: u32,             // an index past the last row counts as the last
  shift: u32,            // the lowest bit of the digit: digits have 8 bits, one value for each invocation
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> indices: array<u32>;    // [count]
@group(0) @binding(2) var<storage, read> order: array<u32>;      // [count] numbers of indices
@group(0) @binding(3) var<storage, read_write> y: array<u32>;    // [ceil(count / WIDTH), WIDTH]

var<workgroup> digits: array<u32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let block = workgroup.x + workgroup.y * grid.x;
  let at = block * WIDTH + local.x;
  // region: the digit of an index
  // Past the end there is a digit that no index has.
  var digit = WIDTH;
  var b = at;
  if (at < sizes.count) {
    if (FIRST == 0u) { b = order[at]; }
    digit = (min(indices[b], sizes.rows - 1u) >> sizes.shift) % WIDTH;
  }
  digits[local.x] = digit;
  workgroupBarrier();
  // end region
  if (block * WIDTH >= sizes.count) { return; }
  var counted = 0u;
  for (var i = 0u; i < WIDTH; i++) { counted += select(0u, 1u, digits[i] == local.x); }
  y[at] = counted;
}
