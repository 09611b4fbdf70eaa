// Third pass of one round of a stable counting sort: the numbers of the indices, ordered by a digit; those of equal digits
// keep their order.
//   y[offsets[block, digit] + the number of earlier ones of that digit in the block] = order[at]
//
// One workgroup places one block of WIDTH indices; an invocation counts the equal digits in front of its own.
//
// launch: ceil(count / WIDTH) workgroups
// work: count * WIDTH / 2 operations

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
@group(0) @binding(3) var<storage, read> offsets: array<u32>;    // [ceil(count / WIDTH), WIDTH]
@group(0) @binding(4) var<storage, read_write> y: array<u32>;    // [count] numbers of indices

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
  if (at >= sizes.count) { return; }
  var earlier = 0u;
  for (var i = 0u; i < local.x; i++) { earlier += select(0u, 1u, digits[i] == digit); }
  y[offsets[block * WIDTH + digit] + earlier] = b;
}
