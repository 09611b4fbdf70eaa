// y[n, p, q, c] = x[n, h, w, c] between the four pixels around (h, w), f32, in proportion to their nearness, where
//   h = (p * stepHeight + startHeight) / unitHeight, w likewise; outside the first and the last pixel, these themselves.
// Positions are whole numbers of units, so that no rounding decides which pixels are taken. A pixel with the weight 0 is
// left out: it may be infinite.
//
// One invocation computes COLUMNS neighbouring outputs of one channel (or four neighbouring ones): in one line of y,
// or, where y has more lines than x, in all lines between two lines of x, whose pixels it loads once. Neighbours own
// neighbouring channels, so loads coalesce.
//
// launch: ceil(batch * min(height, outputHeight) * ceil(outputWidth / COLUMNS) * channels / WIDTH) workgroups
// work: 9 * batch * outputHeight * outputWidth * channels * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const COLUMNS = 8u;      // knob: neighbouring outputs of a line per invocation
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
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [N, H, W, C]
@group(0) @binding(2) var<storage, read_write> y: array<Element>;    // [N, P, Q, C]

// region: first output from a line on
// The first output that lies on this line of x or behind it; on the first line all that lie before it, too.
fn first_output(line: u32) -> u32 {
  if (line == 0u) { return 0u; }
  let units = i32(line) * sizes.unitHeight - sizes.startHeight;
  return min(u32((units + sizes.stepHeight - 1) / sizes.stepHeight), sizes.outputHeight);
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: resized lines
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let lines = min(sizes.height, sizes.outputHeight);
  let blocks = (sizes.outputWidth + COLUMNS - 1u) / COLUMNS;
  let channel = index % sizes.channels;
  let block = index / sizes.channels;
  let line = block / blocks % lines;
  let image = block / blocks / lines;
  if (image >= sizes.batch) { return; }
  let first_q = block % blocks * COLUMNS;
  let end_q = min(first_q + COLUMNS, sizes.outputWidth);
  let enlarged = sizes.outputHeight > sizes.height;
  let first_p = select(line, first_output(line), enlarged);
  let end_p = select(line + 1u, first_output(line + 1u), enlarged);
  let first_position = i32(first_p) * sizes.stepHeight + sizes.startHeight;
  let h = u32(max(first_position, 0) / sizes.unitHeight);
  let x_line = (image * sizes.height + h) * sizes.width;
  var y_at = ((image * sizes.outputHeight + first_p) * sizes.outputWidth + first_q) * sizes.channels + channel;
  let next_line = sizes.outputWidth * sizes.channels;
  // Where the outputs lie: on the pixel w, or to the right of it by a rest in units. That may be left of the first one.
  let shifted = i32(first_q) * sizes.stepWidth + sizes.startWidth + sizes.unitWidth;
  var w = shifted / sizes.unitWidth - 1;
  var rest_w = shifted % sizes.unitWidth;
  let whole_step = sizes.stepWidth / sizes.unitWidth;
  let rest_step = sizes.stepWidth % sizes.unitWidth;
  // end region

  let is_last_line = h + 1u == sizes.height;
  let below = select(sizes.width * sizes.channels, 0u, is_last_line);
  let unit_h = 1.0 / f32(sizes.unitHeight);
  let unit_w = 1.0 / f32(sizes.unitWidth);
  var loaded = -2;
  var top_left = Element();
  var top_right = Element();
  var bottom_left = Element();
  var bottom_right = Element();
  for (var q = first_q; q < end_q; q++) {
    let left = max(w, 0);
    let right = min(u32(left) + 1u, sizes.width - 1u);
    if (left != loaded) {
      if (left == loaded + 1) {
        top_left = top_right;
        bottom_left = bottom_right;
      } else {
        let at = (x_line + u32(left)) * sizes.channels + channel;
        top_left = x[at];
        bottom_left = x[at + below];
      }
      let at = (x_line + right) * sizes.channels + channel;
      top_right = x[at];
      bottom_right = x[at + below];
      loaded = left;
    }
    let is_on_pixel = w < 0 || rest_w == 0 || u32(left) == right;
    // Each weight from whole numbers: 1 minus the other one would have lost its last digits.
    let to_right = Element(f32(rest_w) * unit_w);
    let to_left = Element(f32(sizes.unitWidth - rest_w) * unit_w);
    let top = select(fma(top_right, to_right, top_left * to_left), top_left, is_on_pixel);
    let bottom = select(fma(bottom_right, to_right, bottom_left * to_left), bottom_left, is_on_pixel);

    var rest_h = first_position - i32(h) * sizes.unitHeight;
    var at = y_at;
    for (var p = first_p; p < end_p; p++) {
      let to_bottom = Element(f32(rest_h) * unit_h);
      let to_top = Element(f32(sizes.unitHeight - rest_h) * unit_h);
      y[at] = select(fma(bottom, to_bottom, top * to_top), top, rest_h <= 0 || is_last_line);
      rest_h += sizes.stepHeight;
      at += next_line;
    }

    // region: next output of the line
    y_at += sizes.channels;
    rest_w += rest_step;
    w += whole_step;
    if (rest_w >= sizes.unitWidth) {
      rest_w -= sizes.unitWidth;
      w += 1;
    }
    // end region
  }
}
