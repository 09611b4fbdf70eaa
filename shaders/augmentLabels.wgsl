// Label maps[N, H, W] of u8, moved as augmentImages moves images under the same seed and the same limits of geometry:
//   y at p is the label of the pixel nearest to q = source_of(p), and 255, what nobody labelled, where q lies outside
// The draws are those of the view `geometry`, see augmentImages.
//
// One invocation puts one word of y together from four labels, which may be of several maps; it draws anew for each map.
//
// launch: ceil(ceil(count / 4) / WIDTH) workgroups
// work: 60 * count operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // labels of all maps
  height: u32,
  width: u32,
  // region: limits of a geometry
  geometry: u32,         // the view that draws it
  flip: u32,             // 2^24 times a probability
  shift: f32,            // largest shift in pixels
  rotation: f32,         // largest rotation in turns
  zoom: f32,             // largest relative change of size
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> labels: array<u32>;     // u8 [count]
@group(0) @binding(2) var<storage, read> seed: array<u32>;       // [4]
@group(0) @binding(3) var<storage, read_write> y: array<u32>;    // u8 [count]

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

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index * 4u >= sizes.count) { return; }
  let pixels = sizes.height * sizes.width;
  let key = vec2u(seed[0], seed[1]);
  var drawn = 0xffffffffu;
  var geometry = Geometry();
  var word = 0u;
  for (var i = 0u; i < min(4u, sizes.count - index * 4u); i++) {
    let at = index * 4u + i;
    let map = at / pixels;
    if (map != drawn) {
      drawn = map;
      let place = philox(vec4u(4u * map, 4u * sizes.geometry, seed[2], seed[3]), key);
      let look = philox(vec4u(4u * map + 1u, 4u * sizes.geometry, seed[2], seed[3]), key);
      geometry = geometry_of(place, look.x);
    }
    let source = source_of(at % pixels / sizes.width, at % pixels % sizes.width, geometry);
    let nearest = vec2i(floor(source + 0.5));
    let last = vec2i(i32(sizes.height), i32(sizes.width)) - 1;
    var label = 255u;
    if (all(nearest >= vec2i()) && all(nearest <= last)) {
      let from_index = map * pixels + u32(nearest.x) * sizes.width + u32(nearest.y);
      label = (labels[from_index / 4u] >> (8u * (from_index % 4u))) & 255u;
    }
    word |= label << (8u * i);
  }
  y[index] = word;
}
