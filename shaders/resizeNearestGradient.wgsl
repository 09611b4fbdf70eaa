// dx[n, h, w, c] = sum of dy[n, p, q, c] over the outputs (p, q) that resizeNearest made of pixel (h, w), f32.
//
// One invocation computes COLUMNS neighbouring pixels of one channel (or four neighbouring ones) in a line: it walks
// through the columns of their outputs once. Neighbours own neighbouring channels, so loads coalesce.
//
// launch: ceil(batch * height * ceil(width / COLUMNS) * channels / WIDTH) workgroups
// work: batch * outputHeight * outputWidth * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const COLUMNS = 8u;      // knob: neighbouring pixels of a line per invocation
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: resize sizes
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C, or C / 4 where values are in fours
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  stepHeight: i32,       // from an output to the next one, in units
  stepWidth: i32,
  startHeight: i32,      // where the first output lies, in units
  startWidth: i32,
  unitHeight: i32,       // units of a pixel
  unitWidth: i32,
  // end region
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
  // region: pixels of a resized line
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let blocks = (sizes.width + COLUMNS - 1u) / COLUMNS;
  let channel = index % sizes.channels;
  let block = index / sizes.channels;
  let line = block / blocks;
  let image = line / sizes.height;
  if (image >= sizes.batch) { return; }
  let h = i32(line % sizes.height);
  let first_w = i32(block % blocks * COLUMNS);
  let end_w = min(first_w + i32(COLUMNS), i32(sizes.width));
  let dy_lines = image * sizes.outputHeight;
  let next_line = sizes.outputWidth * sizes.channels;
  let whole_step = sizes.stepWidth / sizes.unitWidth;
  let rest_step = sizes.stepWidth % sizes.unitWidth;
  // end region

  let first_p = u32((h * sizes.unitHeight + sizes.stepHeight - 1) / sizes.stepHeight);
  let end_p = u32(((h + 1) * sizes.unitHeight + sizes.stepHeight - 1) / sizes.stepHeight);
  var q = u32((first_w * sizes.unitWidth + sizes.stepWidth - 1) / sizes.stepWidth);
  var q_pixel = i32(q) * sizes.stepWidth / sizes.unitWidth;
  var rest_w = i32(q) * sizes.stepWidth % sizes.unitWidth;
  for (var w = first_w; w < end_w; w++) {
    var sum = Element();
    while (q_pixel == w && q < sizes.outputWidth) {
      var at = ((dy_lines + first_p) * sizes.outputWidth + q) * sizes.channels + channel;
      for (var p = first_p; p < end_p; p++) {
        sum += dy[at];
        at += next_line;
      }
      // region: next output of pixels
      q += 1u;
      rest_w += rest_step;
      q_pixel += whole_step;
      if (rest_w >= sizes.unitWidth) {
        rest_w -= sizes.unitWidth;
        q_pixel += 1;
      }
      // end region
    }
    dx[(line * sizes.width + u32(w)) * sizes.channels + channel] = sum;
  }
}
