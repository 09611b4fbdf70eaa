// y[i] = x[i] * scale where the draw of i is at least `threshold`, x[i] * 0 elsewhere, f32. Draws are of 32 bits, eight from
// one call of Philox4x32-10, of
//   counter = (i / 8, stream, seed[2], seed[3]),  key = (seed[0], seed[1]):
// its four words for the first four, and the same words turned by 16 bits for the others. Words that share their halves
// both fall below a threshold as often as independent ones, but for less than one time in 2^16.
// Nothing is stored for the backward pass, which is the same launch with the gradient as x. What is dropped is multiplied,
// not replaced, so that a NaN stays one.
//
// One invocation computes eight neighbouring numbers.
//
// launch: ceil(count / (8 * WIDTH)) workgroups
// work: count operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  stream: u32,
  threshold: u32,        // rate * 2^32
  scale: f32,            // 1 / (1 - rate)
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [count]
@group(0) @binding(2) var<storage, read> seed: array<u32>;       // [4]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [count]

// region: philox
// The 64-bit product of two words, as (high, low): WGSL multiplies 32 bits to 32, so by halves.
fn wide_product(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let left = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let right = (a & 0xffffu) * (b >> 16u) + (left & 0xffffu);
  return vec2u((a >> 16u) * (b >> 16u) + (left >> 16u) + (right >> 16u), a * b);
}

// Four words by Philox4x32-10.
fn philox(first_counter: vec4u, first_key: vec2u) -> vec4u {
  var counter = first_counter;
  var key = first_key;
  for (var round = 0u; round < 10u; round++) {
    let even = wide_product(0xd2511f53u, counter.x);
    let odd = wide_product(0xcd9e8d57u, counter.z);
    counter = vec4u(odd.x ^ counter.y ^ key.x, odd.y, even.x ^ counter.w ^ key.y, even.y);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return counter;
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (8u * index >= sizes.count) { return; }
  let words = philox(vec4u(index, sizes.stream, seed[2], seed[3]), vec2u(seed[0], seed[1]));
  for (var i = 0u; i < 8u; i++) {
    let draw = select(words[i % 4u], (words[i % 4u] << 16u) | (words[i % 4u] >> 16u), i >= 4u);
    let at = 8u * index + i;
    if (at < sizes.count) { y[at] = x[at] * select(0.0, sizes.scale, draw >= sizes.threshold); }
  }
}
