// y[i] = sum over the chunks of parts[chunk, i], f32, in a fixed order: the second pass of a sum that was split over
// invocations.
//
// LANES invocations of a workgroup add up four neighbouring values (or one); neighbours own neighbouring fours. Each lane adds up
// every LANES-th chunk, and then they are added up in workgroup memory, in a tree: for GPUs, where one after the other each chunk
// would wait for its loads. One is alone: no barrier.
//
// launch: ceil(quads * LANES / WIDTH) workgroups
// work: lanes(Element) * quads * chunks operations

alias Element = vec4f;   // knob: vec4f, or f32 where the number of values is no multiple of four
const LANES = 1u;        // knob: invocations per value, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

const SPAN = WIDTH / LANES;

struct Sizes {
  quads: u32,            // values / 4, or values where they are not in fours
  chunks: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> parts: array<Element>;      // [chunks, values]
@group(0) @binding(2) var<storage, read_write> y: array<Element>;    // [values]

var<workgroup> sums_of: array<Element, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let first = (workgroup.x + workgroup.y * grid.x) * SPAN;
  if (first >= sizes.quads) { return; }
  // Past the end there are no chunks and nothing is stored, so that all of a workgroup come to its barriers.
  let number = first + local.x % SPAN;
  let index = min(number, sizes.quads - 1u);
  let lane = local.x / SPAN;
  let chunks = select(0u, sizes.chunks, number == index);
  var sum = Element();
  var chunk = lane;
  let step = LANES * sizes.quads;
  for (; chunk + 3u * LANES < chunks; chunk += 4u * LANES) {
    let at = chunk * sizes.quads + index;
    let a = parts[at];
    let b = parts[at + step];
    let c = parts[at + 2u * step];
    let d = parts[at + 3u * step];
    sum += (a + b) + (c + d);
  }
  for (; chunk < chunks; chunk += LANES) { sum += parts[chunk * sizes.quads + index]; }
  if (LANES > 1u) {
    sums_of[local.x] = sum;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (lane < half) { sums_of[local.x] += sums_of[local.x + half * SPAN]; }
    }
    sum = sums_of[local.x];
  }
  if (lane == 0u && number == index) { y[index] = sum; }
}
