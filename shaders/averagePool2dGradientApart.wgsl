// dx[n, h, w, c] = dy[n, p, q, c] / (windowHeight * windowWidth), f32, where (p, q) is the window that holds pixel
// (h, w), and 0 where none does; for windows side by side, without padding: stride = window.
//
// One invocation fills one line of WINDOWS neighbouring windows for one channel (or four neighbouring ones): it loads
// one value for windowWidth stores. Neighbours own neighbouring channels.
//
// launch: ceil(batch * height * ceil(width / (WINDOWS * windowWidth)) * channels / WIDTH) workgroups
// work: batch * outputHeight * outputWidth * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const WINDOWS = 16u;     // knob: windows per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C, or C / 4 where values are in fours
  windowHeight: u32,
  windowWidth: u32,
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> dy: array<Element>;         // [N, P, Q, C]
@group(0) @binding(2) var<storage, read_write> dx: array<Element>;   // [N, H, W, C]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let block = index / sizes.channels;
  let pixels = WINDOWS * sizes.windowWidth;
  let blocks = (sizes.width + pixels - 1u) / pixels;
  let line = block / blocks;
  let image = line / sizes.height;
  if (image >= sizes.batch) { return; }
  let p = line % sizes.height / sizes.windowHeight;
  let first_w = block % blocks * pixels;
  let scale = 1.0 / f32(sizes.windowHeight * sizes.windowWidth);
  let first_q = (image * sizes.outputHeight + p) * sizes.outputWidth + first_w / sizes.windowWidth;
  var dy_at = first_q * sizes.channels + channel;
  var at = (line * sizes.width + first_w) * sizes.channels + channel;
  let end = (line * sizes.width + min(first_w + pixels, sizes.width)) * sizes.channels;
  // Behind the last windows there is no dy: the first value is read there, and not used.
  let windows = select(0u, line * sizes.width + sizes.outputWidth * sizes.windowWidth, p < sizes.outputHeight);
  let end_of_windows = windows * sizes.channels;
  let window = sizes.windowWidth * sizes.channels;
  while (at < end) {
    let inside = at < end_of_windows;
    let share = select(Element(), dy[select(0u, dy_at, inside)] * scale, inside);
    let next = min(at + window, end);
    for (; at < next; at += sizes.channels) { dx[at] = share; }
    dy_at += sizes.channels;
  }
}
