// v = B^T d B for every tile d of 4x4 pixels, two apart, and every channel, f32, C a multiple of four, where
// B^T = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]: what winogradProducts multiplies. Outside the image is zero.
//
// One invocation takes four neighbouring channels of a line of tiles and keeps what neighbouring tiles share, so that it loads 8
// pixels a tile; neighbours own neighbouring channels.
//
// launch: ceil(batch * ceil(outputHeight / 2) * channels / 4 / WIDTH) workgroups
// work: 32 * batch * ceil(outputHeight / 2) * ceil(outputWidth / 2) * channels operations

const WIDTH = 64u;         // knob: invocations per workgroup

struct Sizes {
  // region: winograd sizes
  firstImage: u32,
  batch: u32,            // N, images from there on
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  outputChannels: u32,   // K
  paddingHeight: i32,    // negative where an input gradient skips the border of dy
  paddingWidth: i32,
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;            // [images, H, W, C]
@group(0) @binding(2) var<storage, read_write> v: array<vec4f>;      // [4, 4, N ceil(P / 2) ceil(Q / 2), C]

// A column of a tile, transformed.
fn column_at(lines: array<u32, 4>, inside: array<bool, 4>, w: u32, channel: u32) -> array<vec4f, 4> {
  let inner = sizes.channels / 4u;
  var pixels: array<vec4f, 4>;
  for (var i = 0u; i < 4u; i++) {
    let found = x[(lines[i] + min(w, sizes.width - 1u)) * inner + channel];
    pixels[i] = select(vec4f(), found, inside[i] && w < sizes.width);
  }
  return array<vec4f, 4>(
    pixels[0] - pixels[2],
    pixels[1] + pixels[2],
    pixels[2] - pixels[1],
    pixels[1] - pixels[3],
  );
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let inner = sizes.channels / 4u;
  let down = (sizes.outputHeight + 1u) / 2u;
  let across = (sizes.outputWidth + 1u) / 2u;
  let channel = index % inner;
  let line = index / inner;
  if (line >= sizes.batch * down) { return; }
  let image = (sizes.firstImage + line / down) * sizes.height;
  let count = sizes.batch * down * across * inner;

  // Above or left of the image h and w are huge as u32, and outside too.
  let top = line % down * 2u - u32(sizes.paddingHeight);
  var lines: array<u32, 4>;
  var inside: array<bool, 4>;
  for (var i = 0u; i < 4u; i++) {
    inside[i] = top + i < sizes.height;
    lines[i] = (image + select(0u, top + i, inside[i])) * sizes.width;
  }
  var left = 0u - u32(sizes.paddingWidth);
  var columns: array<array<vec4f, 4>, 4>;
  columns[2] = column_at(lines, inside, left, channel);
  columns[3] = column_at(lines, inside, left + 1u, channel);
  for (var t = 0u; t < across; t++) {
    columns[0] = columns[2];
    columns[1] = columns[3];
    columns[2] = column_at(lines, inside, left + 2u, channel);
    columns[3] = column_at(lines, inside, left + 3u, channel);
    let at = (line * across + t) * inner + channel;
    for (var i = 0u; i < 4u; i++) {
      v[4u * i * count + at] = columns[0][i] - columns[2][i];
      v[(4u * i + 1u) * count + at] = columns[1][i] + columns[2][i];
      v[(4u * i + 2u) * count + at] = columns[2][i] - columns[1][i];
      v[(4u * i + 3u) * count + at] = columns[1][i] - columns[3][i];
    }
    left += 2u;
  }
}
