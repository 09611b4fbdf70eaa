// What gradients are multiplied with so that their norm is `most` or less, f32, from partial sums of their squares:
//   norm = sqrt(sum over j of parts[j]);  factor = min(1, most / (norm + 1e-6))
// Where the norm is no finite number, both are NaN, so that the update is seen to have failed. WGSL lets a compiler assume
// that no number is NaN or infinite, so those are told by their bits, fresh from memory, and written as bits.
//
// One workgroup: invocation j adds parts[j], parts[j + WIDTH], ..., then the first invocation adds the WIDTH sums.
//
// launch: 1 workgroups
// work: count operations

const WIDTH = 256u;      // knob: invocations of the workgroup

const NOT_A_NUMBER = 0x7fc00000u;
const EXPONENT = 0x7f800000u;
const LARGEST = 3.4028234e38;

struct Sizes {
  count: u32,            // partial sums
  most: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> parts: array<u32>;          // [count], bits of f32
@group(0) @binding(2) var<storage, read_write> norm: array<u32>;     // [1], bits of f32
@group(0) @binding(3) var<storage, read_write> factor: array<u32>;   // [1], bits of f32

var<workgroup> sums: array<f32, WIDTH>;
var<workgroup> broken: array<u32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(local_invocation_id) local: vec3u) {
  var sum = 0.0;
  var infinite = 0u;
  for (var at = local.x; at < sizes.count; at += WIDTH) {
    let bits = parts[at];
    infinite |= u32((bits & EXPONENT) == EXPONENT);
    sum += bitcast<f32>(bits);
  }
  sums[local.x] = sum;
  broken[local.x] = infinite;
  workgroupBarrier();
  if (local.x != 0u) { return; }
  for (var other = 1u; other < WIDTH; other++) {
    sum += sums[other];
    infinite |= broken[other];
  }
  // Finite parts may have an infinite sum.
  if (infinite != 0u || !(sum <= LARGEST)) {
    norm[0] = NOT_A_NUMBER;
    factor[0] = NOT_A_NUMBER;
    return;
  }
  let length = sqrt(sum);
  norm[0] = bitcast<u32>(length);
  factor[0] = bitcast<u32>(min(1.0, sizes.most / (length + 1e-6)));
}
