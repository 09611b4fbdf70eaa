// dx[n, h, w, c] = sum of dy[n, p, q, c] / (pixels that count in window (p, q)), f32, over the windows (p, q) that hold
// pixel (h, w).
//
// One invocation computes COLUMNS neighbouring pixels of one channel (or four neighbouring ones) in a line; neighbours
// own neighbouring channels, so loads coalesce.
//
// launch: ceil(batch * height * ceil(width / COLUMNS) * channels / WIDTH) workgroups
// work: batch * outputHeight * outputWidth * channels * windowHeight * windowWidth * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const COLUMNS = 8u;      // knob: neighbouring pixels of a line per invocation
const WHOLE = true;      // knob: whether all pixels count in every window: windowHeight * windowWidth
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
  // region: counted padding
  countedTop: u32,       // pixels outside the image that count in a window's divisor: at most the padding
  countedLeft: u32,
  countedBottom: u32,
  countedRight: u32,
  // end region
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> dy: array<Element>;         // [N, P, Q, C]
@group(0) @binding(2) var<storage, read_write> dx: array<Element>;   // [N, H, W, C]

// region: pixels that count
// How many pixels from `start` on count in the divisor of a window: none beyond the padding that counts.
fn counted(start: i32, window: u32, pixels: u32, near: u32, far: u32) -> i32 {
  return min(start + i32(window), i32(pixels + far)) - max(start, -i32(near));
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: pixels of a line
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let blocks = (sizes.width + COLUMNS - 1u) / COLUMNS;
  let channel = index % sizes.channels;
  let block = index / sizes.channels;
  let line = block / blocks;
  let image = line / sizes.height;
  if (image >= sizes.batch) { return; }
  let first_w = block % blocks * COLUMNS;
  let end_w = min(first_w + COLUMNS, sizes.width);
  // The windows that hold the first pixel: none that ends before it, none that starts behind it.
  let bottom = line % sizes.height + sizes.paddingHeight;
  let right = first_w + sizes.paddingWidth;
  let missed_h = max(bottom + 1u, sizes.windowHeight) - sizes.windowHeight;
  let missed_w = max(right + 1u, sizes.windowWidth) - sizes.windowWidth;
  let first_p = (missed_h + sizes.strideHeight - 1u) / sizes.strideHeight;
  let end_p = min(bottom / sizes.strideHeight + 1u, sizes.outputHeight);
  var first_q = (missed_w + sizes.strideWidth - 1u) / sizes.strideWidth;
  var next_q = right / sizes.strideWidth + 1u;
  // end region

  for (var w = first_w; w < end_w; w++) {
    let end_q = min(next_q, sizes.outputWidth);
    var sum = Element();
    for (var p = first_p; p < end_p; p++) {
      let top = i32(p * sizes.strideHeight) - i32(sizes.paddingHeight);
      let rows = counted(top, sizes.windowHeight, sizes.height, sizes.countedTop, sizes.countedBottom);
      for (var q = first_q; q < end_q; q++) {
        let share = dy[((image * sizes.outputHeight + p) * sizes.outputWidth + q) * sizes.channels + channel];
        if (WHOLE) {
          sum += share;
        } else {
          let left = i32(q * sizes.strideWidth) - i32(sizes.paddingWidth);
          let columns = counted(left, sizes.windowWidth, sizes.width, sizes.countedLeft, sizes.countedRight);
          sum += share / f32(rows * columns);
        }
      }
    }
    if (WHOLE) { sum /= f32(sizes.windowHeight * sizes.windowWidth); }
    dx[(line * sizes.width + w) * sizes.channels + channel] = sum;

    // region: next pixel of the line
    // A pixel to the right one window may have ended and one begun.
    let reached = w + 1u + sizes.paddingWidth;
    if (first_q * sizes.strideWidth + sizes.windowWidth <= reached) { first_q += 1u; }
    if (next_q * sizes.strideWidth <= reached) { next_q += 1u; }
    // end region
  }
}
