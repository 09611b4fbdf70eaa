// As dropout.wgsl, in fours where count is a multiple of four: y[i] = x[i] * scale where the draw of i is at least
// `threshold`, x[i] * 0 elsewhere, f32.
//
// One invocation computes CALLS pairs of neighbouring vectors.
//
// lavapipe, 2 cores, 2026: most of the time is Philox; a call for every four numbers took 1.4 times as long.
//
// launch: ceil(count / (8 * CALLS * WIDTH)) workgroups
// work: count operations

const CALLS = 4u;        // knob: calls of Philox per invocation, WIDTH apart
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  stream: u32,
  threshold: u32,        // rate * 2^32
  scale: f32,            // 1 / (1 - rate)
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // [count]
@group(0) @binding(2) var<storage, read> seed: array<u32>;       // [4]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // [count]

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
  let first = (workgroup.x + workgroup.y * grid.x) * (WIDTH * CALLS) + local.x;
  // Read once: a load costs as much as a round of Philox on lavapipe.
  let rest = vec3u(sizes.stream, seed[2], seed[3]);
  let key = vec2u(seed[0], seed[1]);
  let count = sizes.count / 4u;
  let threshold = vec4u(sizes.threshold);
  let scale = vec4f(sizes.scale);
  for (var call = 0u; call < CALLS; call++) {
    let index = first + call * WIDTH;
    let at = 2u * index;
    if (at >= count) { return; }
    let words = philox(vec4u(index, rest), key);
    let turned = (words << vec4u(16u)) | (words >> vec4u(16u));
    y[at] = x[at] * select(vec4f(), scale, words >= threshold);
    if (at + 1u < count) { y[at + 1u] = x[at + 1u] * select(vec4f(), scale, turned >= threshold); }
  }
}
