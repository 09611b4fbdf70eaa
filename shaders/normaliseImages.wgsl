// Bytes to normalised numbers: y[i] = (images[i] / 255 - mean[c]) / deviation[c] = images[i] * scale[c] + offset[c],
// c the channel, for images[N, H, W, C] of u8, C <= 4, to f32.
//
// One invocation turns one word of four bytes into four numbers.
//
// launch: ceil(count / (4 * WIDTH)) workgroups
// work: 2 * count operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // bytes
  channels: u32,
  scale: vec4f,          // 1 / (255 deviation), by channel
  offset: vec4f,         // -mean / deviation, by channel
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> images: array<u32>;     // u8 [count]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;    // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index * 4u >= sizes.count) { return; }
  var word = images[index];
  for (var at = index * 4u; at < min(index * 4u + 4u, sizes.count); at++) {
    let channel = at % sizes.channels;
    y[at] = fma(f32(word & 255u), sizes.scale[channel], sizes.offset[channel]);
    word >>= 8u;
  }
}
