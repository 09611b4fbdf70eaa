// Where the largest or smallest number of each row is, as argMax has it: y[o] = the first l at which x[o, l] is the extreme,
// for x[outer, length].
//
// One workgroup looks at one row, neighbouring invocations at neighbouring numbers, and a tree joins what they found: of
// equal numbers the earlier one, so the order of joining makes no difference.
//
// launch: outer workgroups
// work: outer * length operations

const OPERATION = MAXIMUM;    // knob: which extreme
const WIDTH = 128u;           // knob: invocations per workgroup, a power of two

const MAXIMUM = 1u;           // value of OPERATION: the largest number
const MINIMUM = 2u;           // value of OPERATION: the smallest number

// region: bits in order
const MAGNITUDE = 0x7fffffff;             // all bits of a number but its sign, and the largest whole number
const INFINITE = 0x7f800000;              // the magnitude of infinity; all above it are NaN
// end region

struct Sizes {
  outer: u32,            // rows
  length: u32,           // numbers of a row
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<i32>;          // [outer, length]
@group(0) @binding(2) var<storage, read_write> y: array<u32>;    // [outer]

var<workgroup> ranks: array<i32, WIDTH>;
var<workgroup> places: array<u32, WIDTH>;

// What to compare in place of the number of these bits: more where a number is preferred.
fn rank_of(bits: i32) -> i32 {
  let magnitude = bits & MAGNITUDE;
  var rank = select(magnitude, -magnitude, bits < 0);
  if (OPERATION == MINIMUM) { rank = -rank; }
  return select(rank, MAGNITUDE, magnitude > INFINITE);
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let row = workgroup.x + workgroup.y * grid.x;
  var best = -MAGNITUDE;    // below the rank of every number
  var place = sizes.length;
  if (row < sizes.outer) {
    for (var l = local.x; l < sizes.length; l += WIDTH) {
      let rank = rank_of(x[row * sizes.length + l]);
      place = select(place, l, rank > best);
      best = max(best, rank);
    }
  }
  // region: tree of ranks
  ranks[local.x] = best;
  places[local.x] = place;
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local.x < half) {
      let rank = ranks[local.x + half];
      let other = places[local.x + half];
      if (rank > best || (rank == best && other < place)) {
        best = rank;
        place = other;
        ranks[local.x] = best;
        places[local.x] = place;
      }
    }
  }
  // end region
  if (row < sizes.outer && local.x == 0u) { y[row] = place; }
}
