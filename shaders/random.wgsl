// Random numbers by counting, f32: y[4 i .. 4 i + 3] from Philox4x32-10 with
//   counter = (i, stream, seed[2], seed[3]),  key = (seed[0], seed[1])
// (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011). The same numbers on every
// device, in every order, and for every launch size.
//
// One invocation computes four neighbouring numbers.
//
// launch: ceil(count / (4 * WIDTH)) workgroups
// work: 0 operations

const DISTRIBUTION = UNIFORM;   // knob: how the numbers are distributed
const WIDTH = 64u;              // knob: invocations per workgroup

const UNIFORM = 0u;             // value of DISTRIBUTION: in [0, 1), multiples of 2^-24
const NORMAL = 1u;              // value of DISTRIBUTION: standard normal (Box-Muller)

struct Sizes {
  count: u32,
  stream: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> seed: array<u32>;       // [4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;    // [count]

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

// region: minus log
// -log(n / 2^24) for n in 1 .. 2^24. With n = m 2^e, m in [sqrt(1/2), sqrt(2)): log m by its atanh series, which
// stays exact near 1, where the built-in logarithm promises an absolute error only.
fn minus_log(n: u32) -> f32 {
  var exponent = 31 - i32(countLeadingZeros(n));
  var mantissa = bitcast<f32>((bitcast<u32>(f32(n)) & 0x7fffffu) | 0x3f800000u);
  if (mantissa > 1.41421356) {
    mantissa *= 0.5;
    exponent += 1;
  }
  let s = (mantissa - 1.0) / (mantissa + 1.0);
  let square = s * s;
  let series = 2.0 * s * (1.0 + square * (1.0 / 3.0 + square * (0.2 + square * (1.0 / 7.0 + square * (1.0 / 9.0)))));
  return fma(f32(24 - exponent), 0.69314718056, -series);
}
// end region

// region: cosine and sine
// (cos, sin) of 2 pi turns, for turns in [-1, 1]: the nearest quarter turn is taken away, polynomials do the rest.
// Good to 1e-7 everywhere; the built-in functions promise no more than 2^-11.
fn cos_sin(turns: f32) -> vec2f {
  let quarter = round(4.0 * turns);
  let angle = 1.57079632679 * (4.0 * turns - quarter);
  let square = angle * angle;
  let sine = angle * (1.0 + square * (-1.0 / 6.0 + square * (1.0 / 120.0 - square * (1.0 / 5040.0))));
  let cosine = 1.0 + square * (-0.5 + square * (1.0 / 24.0 + square * (-1.0 / 720.0 + square * (1.0 / 40320.0))));
  switch (u32(i32(quarter) + 4) % 4u) {
    case 0u: { return vec2f(cosine, sine); }
    case 1u: { return vec2f(-sine, cosine); }
    case 2u: { return vec2f(-cosine, -sine); }
    default: { return vec2f(sine, -cosine); }
  }
}
// end region

// region: normal numbers
// Two independent normal numbers from two words (Box-Muller).
fn normal_pair(radius: u32, angle: u32) -> vec2f {
  return sqrt(2.0 * minus_log((radius >> 8u) + 1u)) * cos_sin(f32(angle >> 8u) * 0x1p-24);
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let words = philox(vec4u(index, sizes.stream, seed[2], seed[3]), vec2u(seed[0], seed[1]));
  var numbers = vec4f(words >> vec4u(8u)) * 0x1p-24;
  if (DISTRIBUTION == NORMAL) { numbers = vec4f(normal_pair(words.x, words.y), normal_pair(words.z, words.w)); }
  for (var i = 0u; i < 4u; i++) {
    if (4u * index + i < sizes.count) { y[4u * index + i] = numbers[i]; }
  }
}
