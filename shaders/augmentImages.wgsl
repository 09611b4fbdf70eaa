// A random view of images[N, H, W, C] of u8, normalised to f32, in one launch that draws its own numbers:
//   geometry  p = R(rotation s2) (1 + zoom s3) (q - centre) + centre + shift (s0, s1), in (y, x); q is mirrored with
//             probability `flip`; the output at p is the bilinear value of the image at q, 0 outside
//   corruption  some pixels turn black or white, then noiseDeviation g is added; clamped to [0, 1]
//   colour    v <- v (1 + brightness s5), then mean + (v - mean) (1 + contrast s6), then with three channels
//             grey + (v - grey) (1 + saturation s7); clamped to [0, 1]
//   output    (v - mean) / deviation; 0 within the rectangle that is erased
// s is uniform in [-1, 1), g standard normal, both by Philox4x32-10 (see random.wgsl): the numbers of image n from
// counters 4 n .. 4 n + 3 of stream 4 view, those of its pixels 4 i .. 4 i + 3 from counter n ceil(H W / 4) + i of the
// streams 4 view + 1 (noise) and 4 view + 2 (black and white). All that jumps is decided in integers, so that every
// backend decides alike. The geometry (s0 to s3 and the mirroring) may be that of another view: its draws are then of stream
// 4 geometry, so that the pixels of both views lie on one another.
//
// A workgroup computes pixels of one image, so that it draws the image's numbers once; an invocation computes four
// neighbouring pixels, which is what one draw is enough for.
//
// launch: images * ceil(ceil(height * width / 4) / WIDTH) workgroups
// work: images * height * width * (40 + 20 * CHANNELS) operations

const CHANNELS = 4u;     // knob: channels of the images, up to 4
const NOISE = true;      // knob: whether noise is added
const SALT = true;       // knob: whether pixels turn black or white
const WIDTH = 64u;       // knob: invocations per workgroup, at least 4

struct Sizes {
  images: u32,
  height: u32,
  width: u32,
  view: u32,
  // region: limits of a geometry
  geometry: u32,         // the view that draws it
  flip: u32,             // 2^24 times a probability
  shift: f32,            // largest shift in pixels
  rotation: f32,         // largest rotation in turns
  zoom: f32,             // largest relative change of size
  // end region
  brightness: f32,       // largest relative change
  contrast: f32,         // largest relative change
  saturation: f32,       // largest relative change
  noiseDeviation: f32,   // in units of the full range
  noiseChance: u32,      // this and the next three: 2^24 times a probability
  salt: u32,             // of one pixel
  saltChance: u32,
  erase: u32,
  area: u32,             // 2^16 times the smallest erased share of the area
  areaRange: u32,        // 2^16 times the largest one less the smallest one
  root: u32,             // 2^16 times the square root of the smallest erased height / width
  roots: array<vec4u, 2>,  // 2^16 times its factors for the bits of an exponent, smallest first
  mean: vec4f,           // by channel, in units of the full range
  inverseDeviation: vec4f,  // 1 / deviation, by channel
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> images: array<u32>;     // u8 [images, height, width, CHANNELS]
@group(0) @binding(2) var<storage, read> seed: array<u32>;       // [4]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [images, height, width, CHANNELS]

// Of the workgroup's image: three draws, and the rectangle made from the fourth.
var<workgroup> draws: array<vec4u, 4>;

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

// region: geometry
// A word as a number in [-1, 1).
fn either_way(word: u32) -> f32 {
  return f32(word >> 8u) * 0x1p-23 - 1.0;
}

// Where the pixels of a view come from: the inverse of its geometry.
struct Geometry {
  extent: vec2f,         // of the image, from the first to the last pixel, in (y, x)
  turned: vec2f,         // cosine and sine of the rotation over the change of size
  centre: vec2f,         // what the image's centre became
  mirrored: bool,
}

// That of an image's draws.
fn geometry_of(place: vec4u, chance: u32) -> Geometry {
  let extent = vec2f(f32(sizes.height), f32(sizes.width)) - 1.0;
  let zoom = 1.0 + sizes.zoom * either_way(place.w);
  let turned = cos_sin(sizes.rotation * either_way(place.z)) / zoom;
  let centre = 0.5 * extent + sizes.shift * vec2f(either_way(place.x), either_way(place.y));
  return Geometry(extent, turned, centre, (chance >> 8u) < sizes.flip);
}

// The place in the image, in (y, x), that a geometry brings to a pixel.
fn source_of(row: u32, column: u32, geometry: Geometry) -> vec2f {
  let turned = geometry.turned;
  let away = vec2f(f32(row), f32(column)) - geometry.centre;
  var source = vec2f(
    turned.x * away.x - turned.y * away.y,
    turned.x * away.y + turned.y * away.x,
  ) + 0.5 * geometry.extent;
  source.y = select(source.y, geometry.extent.y - source.y, geometry.mirrored);
  return source;
}
// end region

// a b / 2^16, rounded down; below 2^32.
fn scaled(a: u32, b: u32) -> u32 {
  let product = wide_product(a, b);
  return (product.x << 16u) | (product.y >> 16u);
}

// The largest whole number whose square is at most this.
fn whole_root(square: u32) -> u32 {
  var root = min(u32(sqrt(f32(square))), 0xffffu);
  if (root * root > square) { root -= 1u; }
  // Squares from 2^32 on leave the words.
  if (root < 0xffffu && (root + 1u) * (root + 1u) <= square) { root += 1u; }
  return root;
}

// The rectangle that four words erase, as (top, left, bottom, right): empty or of at least one pixel.
fn erased(words: vec4u) -> vec4u {
  if ((words.x >> 8u) >= sizes.erase) { return vec4u(); }
  // The side of a square of the drawn area, in eighths of a pixel; then its stretch by the root of the aspect.
  let share = sizes.area + ((sizes.areaRange * (words.y >> 16u)) >> 16u);
  let area = wide_product(share, sizes.height * sizes.width);
  let side = whole_root((area.x << 22u) | (area.y >> 10u));
  var root = sizes.root;
  for (var bit = 0u; bit < 8u; bit++) {
    let factor = sizes.roots[bit / 4u][bit % 4u];
    root = select(root, scaled(root, factor), ((words.x >> bit) & 1u) == 1u);
  }
  let high = clamp((scaled(side, root) + 4u) >> 3u, 1u, sizes.height);
  let wide = clamp(((side << 16u) / root + 4u) >> 3u, 1u, sizes.width);
  let top = scaled(words.z >> 16u, sizes.height - high + 1u);
  let left = scaled(words.w >> 16u, sizes.width - wide + 1u);
  return vec4u(top, left, top + high, left + wide);
}

// All channels of one pixel, by its number, in 0..255.
fn pixel(index: u32) -> vec4f {
  let first = index * CHANNELS;
  var word = images[first / 4u] >> (8u * (first % 4u));
  if (CHANNELS == 2u || CHANNELS == 3u) {
    // The rest may lie in the next word. Shifting by 32 is none, hence in two steps.
    word |= (images[(first + CHANNELS - 1u) / 4u] << 1u) << (31u - 8u * (first % 4u));
  }
  return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let group = workgroup.x + workgroup.y * grid.x;
  let pixels = sizes.height * sizes.width;
  let quads = (pixels + 3u) / 4u;
  let groups = (quads + WIDTH - 1u) / WIDTH;
  let image = group / groups;
  if (image >= sizes.images) { return; }
  if (local.x < 4u) {
    let key = vec2u(seed[0], seed[1]);
    let stream = select(sizes.view, sizes.geometry, local.x == 0u);
    var words = philox(vec4u(4u * image + local.x, 4u * stream, seed[2], seed[3]), key);
    if (local.x == 1u && sizes.geometry != sizes.view) {
      // Whether it is mirrored is drawn with what changes colours.
      words.x = philox(vec4u(4u * image + 1u, 4u * sizes.geometry, seed[2], seed[3]), key).x;
    }
    if (local.x == 3u) { words = erased(words); }
    draws[local.x] = words;
  }
  workgroupBarrier();
  let quad = group % groups * WIDTH + local.x;
  if (quad >= quads) { return; }
  let geometry = geometry_of(draws[0], draws[1].x);
  let look = draws[1];
  let spoil = draws[2];
  let hidden = draws[3];

  let brightness = 1.0 + sizes.brightness * either_way(look.y);
  let contrast = 1.0 + sizes.contrast * either_way(look.z);
  let saturation = 1.0 + sizes.saturation * either_way(look.w);

  let counter = image * quads + quad;
  var noise = vec4f();
  if (NOISE) {
    let words = philox(vec4u(counter, 4u * sizes.view + 1u, seed[2], seed[3]), vec2u(seed[0], seed[1]));
    let deviation = select(0.0, sizes.noiseDeviation, (spoil.x >> 8u) < sizes.noiseChance);
    noise = deviation * vec4f(normal_pair(words.x, words.y), normal_pair(words.z, words.w));
  }
  var salts = vec4u(0xffffffffu);
  var salt = 0u;
  if (SALT) {
    salts = philox(vec4u(counter, 4u * sizes.view + 2u, seed[2], seed[3]), vec2u(seed[0], seed[1]));
    salt = select(0u, sizes.salt, (spoil.y >> 8u) < sizes.saltChance);
  }

  var row = 4u * quad / sizes.width;
  var column = 4u * quad % sizes.width;
  for (var at = 4u * quad; at < min(4u * quad + 4u, pixels); at++) {
    let source = source_of(row, column, geometry);

    // The four pixels around it and their shares; those outside the image have none.
    let corner = floor(source);
    let part = source - corner;
    let rows = vec2i(i32(corner.x)) + vec2i(0, 1);
    let columns = vec2i(i32(corner.y)) + vec2i(0, 1);
    let last = vec2i(i32(sizes.height), i32(sizes.width)) - 1;
    let near_rows = clamp(rows, vec2i(), last.xx);
    let near_columns = clamp(columns, vec2i(), last.yy);
    let row_shares = select(vec2f(), vec2f(1.0 - part.x, part.x) / 255.0, rows == near_rows);
    let column_shares = select(vec2f(), vec2f(1.0 - part.y, part.y), columns == near_columns);
    let starts = image * pixels + vec2u(near_rows) * sizes.width;
    let lefts = starts + u32(near_columns.x);
    let rights = starts + u32(near_columns.y);
    var colour =
      row_shares.x * (column_shares.x * pixel(lefts.x) + column_shares.y * pixel(rights.x)) +
      row_shares.y * (column_shares.x * pixel(lefts.y) + column_shares.y * pixel(rights.y));

    if (SALT) {
      colour = select(colour, vec4f(f32(salts.x & 1u)), (salts.x >> 8u) < salt);
      salts = salts.yzwx;
    }
    if (NOISE) {
      colour = clamp(colour + noise.x, vec4f(), vec4f(1.0));
      noise = noise.yzwx;
    }
    colour *= brightness;
    colour = sizes.mean + (colour - sizes.mean) * contrast;
    if (CHANNELS == 3u) {
      let grey = dot(colour.xyz, vec3f(0.299, 0.587, 0.114));
      colour = grey + (colour - grey) * saturation;
    }
    colour = (clamp(colour, vec4f(), vec4f(1.0)) - sizes.mean) * sizes.inverseDeviation;
    let inside = row >= hidden.x && column >= hidden.y && row < hidden.z && column < hidden.w;
    colour = select(colour, vec4f(), inside);

    let target_index = (image * pixels + at) * CHANNELS;
    y[target_index] = colour.x;
    if (CHANNELS > 1u) { y[target_index + 1u] = colour.y; }
    if (CHANNELS > 2u) { y[target_index + 2u] = colour.z; }
    if (CHANNELS > 3u) { y[target_index + 3u] = colour.w; }
    column++;
    if (column == sizes.width) {
      column = 0u;
      row++;
    }
  }
}
