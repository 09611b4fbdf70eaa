// y[output] = factor * (sum or maximum of x over the reduced axes), f32, in a fixed order.
//
// One invocation walks one chunk of the elements behind one output: all of them where chunks = 1, else y holds
// partial results that another launch reduces. Two orders:
//   elementStride = 1: neighbouring invocations own neighbouring outputs, y is [chunks, outputs],
//     a chunk is contiguous;
//   elementStride = chunks: neighbouring invocations own neighbouring elements, y is [outputs, chunks],
//     chunks interleave.
// Sums are made of sums of blocks of blocks, so that the error grows with the cube root of the length.
// A maximum over a NaN is NaN. WGSL lets a compiler assume that no number is NaN, so it is told by the bits of the sum, and
// of the elements where the sum is NaN: they may be infinities of both signs.
//
// launch: ceil(outputs * chunks / WIDTH) workgroups
// work: outputs * length operations

const OPERATION = SUM;   // knob: what is made of the elements
const WIDTH = 64u;       // knob: invocations per workgroup

const SUM = 1u;          // value of OPERATION: their sum
const MAXIMUM = 2u;      // value of OPERATION: the largest one

const MAGNITUDE = 0x7fffffffu;   // all bits of a number but its sign
const INFINITE = 0x7f800000u;    // the magnitude of infinity; all above it are NaN

struct Sizes {
  outputs: u32,
  chunks: u32,
  length: u32,              // elements behind one output
  chunkStride: u32,         // distance of the first elements of two neighbouring chunks
  elementStride: u32,       // distance of two neighbouring elements of a chunk
  block: u32,               // elements in a block, and blocks in a block of blocks
  factor: f32,
  keptExtents: vec4u,       // innermost first, filled up with 1
  keptStrides: vec4u,
  reducedExtents: vec4u,    // innermost first, filled up with 1
  reducedStrides: vec4u,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [kept and reduced axes, interleaved]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;    // [chunks, outputs] or [outputs, chunks]

fn combine(a: f32, b: f32) -> f32 {
  if (OPERATION == MAXIMUM) { return max(a, b); }
  return a + b;
}

fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & MAGNITUDE) > INFINITE; }

// Where the element of that number lies, relative to the first one. There are never more than three merged axes.
fn offset_of(number: u32, extents: vec4u, strides: vec4u) -> u32 {
  let outer = number / extents.x;
  let outermost = outer / extents.y;
  return (number - outer * extents.x) * strides.x + (outer - outermost * extents.y) * strides.y + outermost * strides.z;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.outputs * sizes.chunks) { return; }
  let interleaved = sizes.elementStride > 1u;
  let extent = select(sizes.outputs, sizes.chunks, interleaved);
  let outer = index / extent;
  let inner = index - outer * extent;
  let chunk = select(outer, inner, interleaved);
  let base = offset_of(select(inner, outer, interleaved), sizes.keptExtents, sizes.keptStrides);

  var element = chunk * sizes.chunkStride;
  let end = select(min(element + sizes.chunkStride, sizes.length), sizes.length, interleaved);
  var left = (end - element + sizes.elementStride - 1u) / sizes.elementStride;
  let stride = sizes.elementStride * sizes.reducedStrides.x;

  // What adds nothing: for a maximum one of the elements.
  var nothing = 0.0;
  if (OPERATION == MAXIMUM) { nothing = x[base + offset_of(element, sizes.reducedExtents, sizes.reducedStrides)]; }
  var sum = 0.0;    // of all elements, where the maximum is wanted
  var total = nothing;
  var blocks = nothing;
  var block = nothing;
  var block_left = sizes.block;
  var blocks_left = sizes.block;
  while (left > 0u) {
    // A run: elements a stride apart, up to the end of the innermost reduced axis or of the block.
    let to_axis_end = sizes.reducedExtents.x - element % sizes.reducedExtents.x;
    let run = min(min(left, block_left), (to_axis_end + sizes.elementStride - 1u) / sizes.elementStride);
    var at = base + offset_of(element, sizes.reducedExtents, sizes.reducedStrides);
    // Four at a time: the loads do not wait for each other (1.5 times faster on lavapipe, 2026).
    var i = 0u;
    for (; i + 4u <= run; i += 4u) {
      let values = vec4f(x[at], x[at + stride], x[at + 2u * stride], x[at + 3u * stride]);
      let first = combine(values.x, values.y);
      let second = combine(values.z, values.w);
      block = combine(block, combine(first, second));
      if (OPERATION == MAXIMUM) { sum += (values.x + values.y) + (values.z + values.w); }
      at += 4u * stride;
    }
    for (; i < run; i++) {
      let value = x[at];
      block = combine(block, value);
      if (OPERATION == MAXIMUM) { sum += value; }
      at += stride;
    }
    element += run * sizes.elementStride;
    left -= run;
    block_left -= run;
    if (block_left == 0u) {
      blocks = combine(blocks, block);
      block = nothing;
      block_left = sizes.block;
      blocks_left -= 1u;
      if (blocks_left == 0u) {
        total = combine(total, blocks);
        blocks = nothing;
        blocks_left = sizes.block;
      }
    }
  }
  y[index] = sizes.factor * combine(total, combine(blocks, block));
  if (OPERATION == MAXIMUM && is_nan(sum)) {
    for (element = chunk * sizes.chunkStride; element < end; element += sizes.elementStride) {
      let value = x[base + offset_of(element, sizes.reducedExtents, sizes.reducedStrides)];
      if (is_nan(value)) { y[index] = value; }
    }
  }
}
