// dx[n, h, w, c] = sum of dy[n, p, q, c] / (windowHeight * windowWidth), f32, over the windows (p, q) that hold
// pixel (h, w).
//
// One invocation computes one value of dx; neighbouring invocations own neighbouring channels, so loads coalesce.

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
@group(0) @binding(1) var<storage, read> dy: array<f32>;         // [N, P, Q, C]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;   // [N, H, W, C]

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

  var sum = 0.0;
  for (var p = first_p; p < end_p; p++) {
    for (var q = first_q; q < end_q; q++) {
      sum += dy[((image * sizes.outputHeight + p) * sizes.outputWidth + q) * sizes.channels + channel];
    }
  }
  dx[index] = sum / f32(sizes.windowHeight * sizes.windowWidth);
}
