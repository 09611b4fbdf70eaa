// One column of each row, drawn with the probabilities softmax(logits / temperature): y[b] = the i with the largest
//   logits[b, i] + temperature * g,  g = -log(-log(u)),  u = (2 w + 1) / 2^24
// (the Gumbel-max trick), among those with allowed[b, i] not 0 and a logit that is not -infinity; 0xffffffff where there is
// none. With a temperature of 0 it is the largest logit. Of equal ones the first; a NaN comes before all numbers.
//
// w is the top 23 bits of word i % 4 of Philox4x32-10 with counter (b ceil(n / 4) + floor(i / 4), stream, seed[2], seed[3])
// and key (seed[0], seed[1]): the same draws in every order and for every launch size. So g lies between -2.9 and 16.7.
//
// One workgroup looks at one row, its invocations at fours in turn, and a tree joins what they found.
//
// launch: rows workgroups
// work: rows * rowLength * 4 operations

const ALLOWED = ALL;     // knob: what the mask is
const WIDTH = 64u;       // knob: invocations per workgroup, a power of two

const ALL = 1u;          // value of ALLOWED: no mask
const BYTES = 2u;        // value of ALLOWED: u8
const NUMBERS = 3u;      // value of ALLOWED: f32

// region: bits in order
const MAGNITUDE = 0x7fffffff;             // all bits of a number but its sign, and the largest whole number
const INFINITE = 0x7f800000;              // the magnitude of infinity; all above it are NaN
// end region
const NONE = 0xffffffffu;

struct Sizes {
  rows: u32,
  rowLength: u32,
  allowedStride: u32,    // rowLength, or 0 where one mask serves all rows
  stream: u32,
  temperature: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<f32>;     // [rows, rowLength]
@group(0) @binding(2) var<storage, read> seed: array<u32>;       // [4]
@group(0) @binding(3) var<storage, read> allowed: array<u32>;    // u8 or f32 [rows or 1, rowLength]
@group(0) @binding(4) var<storage, read_write> y: array<u32>;    // [rows]

var<workgroup> ranks: array<i32, WIDTH>;
var<workgroup> places: array<u32, WIDTH>;

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

// What to compare in place of a number: more for a larger one, most for a NaN.
fn rank_of(value: f32) -> i32 {
  let bits = bitcast<i32>(value);
  let magnitude = bits & MAGNITUDE;
  return select(select(magnitude, -magnitude, bits < 0), MAGNITUDE, magnitude > INFINITE);
}

fn is_allowed(at: u32) -> bool {
  if (ALLOWED == BYTES) { return ((allowed[at / 4u] >> (8u * (at % 4u))) & 255u) != 0u; }
  if (ALLOWED == NUMBERS) { return (allowed[at] & u32(MAGNITUDE)) != 0u; }
  return true;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let row = workgroup.x + workgroup.y * grid.x;
  let fours = (sizes.rowLength + 3u) / 4u;
  // Where nothing is allowed, this is what is left: the rank of -infinity, which no number that counts has.
  var best = -INFINITE;
  var place = NONE;
  if (row < sizes.rows) {
    for (var four = local.x; four < fours; four += WIDTH) {
      let words = philox(vec4u(row * fours + four, sizes.stream, seed[2], seed[3]), vec2u(seed[0], seed[1]));
      for (var i = 0u; i < 4u; i++) {
        let column = 4u * four + i;
        if (column >= sizes.rowLength || !is_allowed(row * sizes.allowedStride + column)) { continue; }
        let logit = logits[row * sizes.rowLength + column];
        var score = logit;
        // An infinite temperature is refused; a logit of -infinity or NaN keeps its rank.
        if (sizes.temperature > 0.0 && (bitcast<i32>(logit) & MAGNITUDE) < INFINITE) {
          score -= sizes.temperature * log(minus_log(2u * (words[i] >> 9u) + 1u));
        }
        let rank = rank_of(score);
        place = select(place, column, rank > best);
        best = max(best, rank);
      }
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
  if (row < sizes.rows && local.x == 0u) { y[row] = place; }
}
