// Where the largest or smallest number of each row is, as argMax has it: y[o] = the first l at which x[o, l] is the extreme,
// for x[outer, length], length a multiple of four.
//
// One invocation looks at one row, four numbers at a time: no workgroup memory and no barrier, the best form on CPU Vulkan
// (lavapipe), where a load of four costs little more than one.
//
// launch: ceil(outer / WIDTH) workgroups
// work: outer * length operations

const OPERATION = MAXIMUM;    // knob: which extreme
const WIDTH = 16u;            // knob: invocations per workgroup

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
@group(0) @binding(1) var<storage, read> x: array<vec4i>;        // [outer, length]
@group(0) @binding(2) var<storage, read_write> y: array<u32>;    // [outer]

// What to compare in place of the numbers of these bits: more where a number is preferred.
fn rank_of(bits: vec4i) -> vec4i {
  let magnitude = bits & vec4i(MAGNITUDE);
  var rank = select(magnitude, -magnitude, bits < vec4i(0));
  if (OPERATION == MINIMUM) { rank = -rank; }
  return select(rank, vec4i(MAGNITUDE), magnitude > vec4i(INFINITE));
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let row = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (row >= sizes.outer) { return; }
  let fours = sizes.length / 4u;
  var best = rank_of(x[row * fours]);
  var quads = vec4u(0u);    // in which four each lane's best was
  for (var four = 1u; four < fours; four++) {
    let rank = rank_of(x[row * fours + four]);
    quads = select(quads, vec4u(four), rank > best);
    best = max(best, rank);
  }
  let places = 4u * quads + vec4u(0u, 1u, 2u, 3u);
  var highest = best[0];
  var place = places[0];
  for (var lane = 1u; lane < 4u; lane++) {
    if (best[lane] > highest || (best[lane] == highest && places[lane] < place)) {
      highest = best[lane];
      place = places[lane];
    }
  }
  y[row] = place;
}
