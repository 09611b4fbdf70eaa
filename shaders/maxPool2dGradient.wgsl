// dx[n, h, w, c] = sum of dy[n, p, q, c] over the windows (p, q) whose maximum y[n, p, q, c] is met first at pixel
// (h, w), in row-major order, f32.
//
// One invocation computes one value of dx: it looks at the windows that hold its pixel, and only where the maximum
// equals its own value through the pixels before it. Neighbouring invocations own neighbouring channels.

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C
  windowHeight: u32,
  windowWidth: u32,
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: u32,
  paddingWidth: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [N, H, W, C]
@group(0) @binding(2) var<storage, read> y: array<f32>;          // [N, P, Q, C]
@group(0) @binding(3) var<storage, read> dy: array<f32>;         // [N, P, Q, C]
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;   // [N, H, W, C]

// Whether the value occurs in the window before pixel (h, w).
fn met_before(value: f32, image: u32, channel: u32, p: u32, q: u32, h: u32, w: u32) -> bool {
  let first_h = u32(max(i32(p * sizes.strideHeight) - i32(sizes.paddingHeight), 0));
  let left = i32(q * sizes.strideWidth) - i32(sizes.paddingWidth);
  let first_w = u32(max(left, 0));
  let end_w = min(u32(left + i32(sizes.windowWidth)), sizes.width);
  for (var i = first_h; i <= h; i++) {
    let end = select(end_w, w, i == h);
    for (var j = first_w; j < end; j++) {
      if (x[((image * sizes.height + i) * sizes.width + j) * sizes.channels + channel] == value) { return true; }
    }
  }
  return false;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let pixel = index / sizes.channels;
  let line = pixel / sizes.width;
  let image = line / sizes.height;
  if (image >= sizes.batch) { return; }
  let h = line % sizes.height;
  let w = pixel % sizes.width;
  // The windows that hold this pixel: none that ends before it, none that starts behind it.
  let bottom = h + sizes.paddingHeight;
  let right = w + sizes.paddingWidth;
  let missed_h = max(bottom + 1u, sizes.windowHeight) - sizes.windowHeight;
  let missed_w = max(right + 1u, sizes.windowWidth) - sizes.windowWidth;
  let first_p = (missed_h + sizes.strideHeight - 1u) / sizes.strideHeight;
  let end_p = min(bottom / sizes.strideHeight + 1u, sizes.outputHeight);
  let first_q = (missed_w + sizes.strideWidth - 1u) / sizes.strideWidth;
  let end_q = min(right / sizes.strideWidth + 1u, sizes.outputWidth);

  let value = x[index];
  var sum = 0.0;
  for (var p = first_p; p < end_p; p++) {
    for (var q = first_q; q < end_q; q++) {
      let at = ((image * sizes.outputHeight + p) * sizes.outputWidth + q) * sizes.channels + channel;
      if (y[at] == value && !met_before(value, image, channel, p, q, h, w)) { sum += dy[at]; }
    }
  }
  dx[index] = sum;
}
