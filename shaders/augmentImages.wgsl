// Augments and normalises images[N, H, W, C] of u8, C <= 4, to f32, in one launch. With u = draws[n] in [0, 1)
// and s = 2 u - 1:
//   geometry  p = R(rotation s2) (1 + zoom s3) (q - centre) + centre + shift (s0, s1), in (y, x); q mirrored if u4 < 1/2;
//             the output at p is the bilinear value of the image at q, 0 outside
//   intensity v <- ((v - mean) (1 + contrast s6) + mean) (1 + brightness s5) + noise_deviation noise, clamped to [0, 1]
//   erasing   if u7 < probability, a rectangle with sides .145 to .445 of the image's becomes the mean colour
//   output    (v - mean) / deviation
// Everything that jumps (mirroring, erasing) is decided in integers, so that every backend decides alike.
//
// One invocation computes all channels of one pixel.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // pixels: images * height * width
  height: u32,
  width: u32,
  channels: u32,
  shift: f32,            // largest shift in pixels
  rotation: f32,         // largest rotation in turns
  zoom: f32,             // largest relative change of size
  brightness: f32,       // largest relative change
  contrast: f32,         // largest relative change
  noise_deviation: f32,  // in units of the full range
  flip: u32,             // 1: mirror every other image on average
  erase: u32,            // 2^24 times the probability
  mean: vec4f,           // by channel, in units of the full range
  inverse: vec4f,        // 1 / deviation, by channel
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> images: array<u32>;     // u8 [N, height, width, channels]
@group(0) @binding(2) var<storage, read> draws: array<vec4f>;    // [N, 8], uniform in [0, 1)
@group(0) @binding(3) var<storage, read> noise: array<f32>;      // [N, height, width, channels], standard normal
@group(0) @binding(4) var<storage, read_write> y: array<f32>;    // [N, height, width, channels]

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

// Spreads every bit of a word over all of them (the finaliser of MurmurHash3, public domain).
fn mix(word: u32) -> u32 {
  var bits = word;
  bits = (bits ^ (bits >> 16u)) * 0x85ebca6bu;
  bits = (bits ^ (bits >> 13u)) * 0xc2b2ae35u;
  return bits ^ (bits >> 16u);
}

// Is this pixel inside the rectangle that the draw asks to erase?
fn erased(draw: f32, row: u32, column: u32) -> bool {
  let chance = u32(draw * 0x1p24);
  if (chance >= sizes.erase) { return false; }
  let sides = mix(chance + 1u);
  let places = mix(sides);
  // 37/256 .. 114/256 of each side, hence .021 to .2 of the area.
  let high = max((sizes.height * (37u + (((sides & 0xffffu) * 78u) >> 16u))) >> 8u, 1u);
  let wide = max((sizes.width * (37u + (((sides >> 16u) * 78u) >> 16u))) >> 8u, 1u);
  let top = ((places & 0xffffu) * (sizes.height - high + 1u)) >> 16u;
  let left = ((places >> 16u) * (sizes.width - wide + 1u)) >> 16u;
  return row >= top && row < top + high && column >= left && column < left + wide;
}

fn byte_at(index: u32) -> f32 {
  return f32((images[index / 4u] >> (8u * (index % 4u))) & 255u);
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  let column = index % sizes.width;
  let row = index / sizes.width % sizes.height;
  let image = index / (sizes.width * sizes.height);
  let first = draws[2u * image];
  let second = draws[2u * image + 1u];

  // Where this output pixel comes from: the inverse of the geometry, about the image's centre.
  let extent = vec2f(f32(sizes.height), f32(sizes.width)) - 1.0;
  let rotation = cos_sin(sizes.rotation * (2.0 * first.z - 1.0));
  let zoom = 1.0 + sizes.zoom * (2.0 * first.w - 1.0);
  let away = vec2f(f32(row), f32(column)) - 0.5 * extent - sizes.shift * (2.0 * first.xy - 1.0);
  var source = vec2f(
    rotation.x * away.x - rotation.y * away.y,
    rotation.x * away.y + rotation.y * away.x,
  ) / zoom + 0.5 * extent;
  if (sizes.flip == 1u && second.x < 0.5) { source.y = extent.y - source.y; }

  // The four pixels around it and their shares; those outside the image have none.
  let corner = floor(source);
  let part = source - corner;
  let rows = vec4i(i32(corner.x)) + vec4i(0, 0, 1, 1);
  let columns = vec4i(i32(corner.y)) + vec4i(0, 1, 0, 1);
  let low = vec4i();
  let high = vec4i(vec4u(sizes.height, sizes.height, sizes.width, sizes.width)) - 1;
  let inside = (rows >= low) & (rows <= high.xxxx) & (columns >= low) & (columns <= high.zzzz);
  let shares = vec4f(1.0 - part.x, 1.0 - part.x, part.x, part.x) * vec4f(1.0 - part.y, part.y, 1.0 - part.y, part.y);
  let taken = select(vec4f(), shares / 255.0, inside);
  let nearest = vec4u(clamp(rows, low, high.xxxx)) * sizes.width + vec4u(clamp(columns, low, high.zzzz));
  let at = (image * sizes.height * sizes.width + nearest) * sizes.channels;

  let brightness = 1.0 + sizes.brightness * (2.0 * second.y - 1.0);
  let contrast = 1.0 + sizes.contrast * (2.0 * second.z - 1.0);
  let hidden = erased(second.w, row, column);
  for (var channel = 0u; channel < sizes.channels; channel++) {
    let target_index = index * sizes.channels + channel;
    let mean = sizes.mean[channel];
    let bytes = vec4f(
      byte_at(at.x + channel), byte_at(at.y + channel), byte_at(at.z + channel), byte_at(at.w + channel),
    );
    let bright = ((dot(taken, bytes) - mean) * contrast + mean) * brightness;
    let noisy = clamp(fma(sizes.noise_deviation, noise[target_index], bright), 0.0, 1.0);
    y[target_index] = select((noisy - mean) * sizes.inverse[channel], 0.0, hidden);
  }
}
