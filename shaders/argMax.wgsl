// Where the largest or smallest number of each line along an axis is: y[o, i] = the first l at which x[o, l, i] is the
// extreme, for x[outer, length, inner] and y[outer, inner].
//
// Numbers are compared by their bits, as whole numbers of the same order in which 0 and -0 are equal and a NaN comes before
// all others: WGSL lets a compiler assume that no number is NaN. So the first NaN is the result where there is one.
//
// One invocation walks one line, or with vec4f four neighbouring lines. It suits many lines: see argMaxRows for long ones.
//
// launch: ceil(outer * inner / WIDTH) workgroups
// work: outer * length * inner * lanes(Element) operations

alias Element = f32;          // knob: f32, or vec4f for four neighbouring lines at a time; inner is then in fours
alias Bits = i32;             // bits of Element
const OPERATION = MAXIMUM;    // knob: which extreme
const WIDTH = 64u;            // knob: invocations per workgroup

const MAXIMUM = 1u;           // value of OPERATION: the largest number
const MINIMUM = 2u;           // value of OPERATION: the smallest number

// region: bits in order
const MAGNITUDE = 0x7fffffff;             // all bits of a number but its sign, and the largest whole number
const INFINITE = 0x7f800000;              // the magnitude of infinity; all above it are NaN
// end region

struct Sizes {
  outer: u32,
  length: u32,           // numbers of a line
  inner: u32,            // Elements between two numbers of a line
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Bits>;          // [outer, length, inner]
@group(0) @binding(2) var<storage, read_write> y: array<Bits>;    // [outer, inner]

// What to compare in place of the numbers of these bits: more where a number is preferred.
fn rank_of(bits: Bits) -> Bits {
  let magnitude = bits & Bits(MAGNITUDE);
  var rank = select(magnitude, -magnitude, bits < Bits(0));
  if (OPERATION == MINIMUM) { rank = -rank; }
  return select(rank, Bits(MAGNITUDE), magnitude > Bits(INFINITE));
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.outer * sizes.inner) { return; }
  let outer = index / sizes.inner;
  var at = outer * sizes.length * sizes.inner + (index - outer * sizes.inner);
  var best = rank_of(x[at]);
  var place = Bits(0);
  for (var l = 1u; l < sizes.length; l++) {
    at += sizes.inner;
    let rank = rank_of(x[at]);
    place = select(place, Bits(i32(l)), rank > best);
    best = max(best, rank);
  }
  y[index] = place;
}
