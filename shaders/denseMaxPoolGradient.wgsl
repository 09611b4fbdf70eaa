// da[n, h, w, c] = sum of dy[n, p, q, c] over the windows (p, q) whose choice[n, p, q, c] is pixel (h, w), f32: the
// gradient of denseMaxPool before its ReLU and batch norm.
//
// One invocation computes four neighbouring channels of one pixel, from the windows that hold it; neighbours own
// neighbouring channels. All channel counts are in steps of four.
//
// launch: ceil(batch * height * width * channels / WIDTH) workgroups
// work: 4 * batch * outputHeight * outputWidth * channels operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: pool sizes
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C, or C / 4 where values are in fours
  windowHeight: u32,
  windowWidth: u32,
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  strideHeight: u32,
  strideWidth: u32,
  paddingHeight: u32,
  paddingWidth: u32,
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;          // [N, P, Q, C]
@group(0) @binding(2) var<storage, read> choice: array<vec4u>;      // [N, P, Q, C]
@group(0) @binding(3) var<storage, read_write> da: array<vec4f>;    // [N, H, W, C]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: input pixel
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let channel = index % sizes.channels;
  let pixel = index / sizes.channels;
  let line = pixel / sizes.width;
  let image = line / sizes.height;
  if (image >= sizes.batch) { return; }
  let bottom = line % sizes.height + sizes.paddingHeight;
  let right = pixel % sizes.width + sizes.paddingWidth;
  // end region
  // The windows that hold this pixel: none that ends before it, none that starts behind it.
  let missed_h = max(bottom + 1u, sizes.windowHeight) - sizes.windowHeight;
  let missed_w = max(right + 1u, sizes.windowWidth) - sizes.windowWidth;
  let first_p = (missed_h + sizes.strideHeight - 1u) / sizes.strideHeight;
  let end_p = min(bottom / sizes.strideHeight + 1u, sizes.outputHeight);
  let first_q = (missed_w + sizes.strideWidth - 1u) / sizes.strideWidth;
  let end_q = min(right / sizes.strideWidth + 1u, sizes.outputWidth);

  var sum = vec4f();
  for (var p = first_p; p < end_p; p++) {
    for (var q = first_q; q < end_q; q++) {
      let at = ((image * sizes.outputHeight + p) * sizes.outputWidth + q) * sizes.channels + channel;
      let place = (bottom - p * sizes.strideHeight) * sizes.windowWidth + right - q * sizes.strideWidth;
      sum += select(vec4f(), dy[at], choice[at] == vec4u(place));
    }
  }
  da[index] = sum;
}
