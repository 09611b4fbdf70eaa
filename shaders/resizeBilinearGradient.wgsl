// dx[n, h, w, c] = sum of dy[n, p, q, c] times the weight with which resizeBilinear took pixel (h, w) for it, f32, over
// the outputs (p, q) where that is above 0.
//
// One invocation computes COLUMNS neighbouring pixels of one channel (or four neighbouring ones) in a line: it walks
// through the columns of their outputs once, and gives each to the pixels left and right of it. Neighbours own neighbouring
// channels, so loads coalesce.
//
// launch: ceil(batch * height * ceil(width / COLUMNS) * channels / WIDTH) workgroups
// work: 8 * batch * outputHeight * outputWidth * channels * lanes(Element) operations

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

  // The lines of dy less than a pixel away; at the edges all lines outside, too.
  let last_unit = i32(sizes.height - 1u) * sizes.unitHeight;
  let pixel_units = h * sizes.unitHeight;
  let above = pixel_units - sizes.unitHeight - sizes.startHeight;
  let behind = pixel_units + sizes.unitHeight - sizes.startHeight;
  let first_p = select(0u, u32(max(above, 0) / sizes.stepHeight) + 1u, h > 0 && above >= 0);
  let end_p = select(
    sizes.outputHeight,
    u32(max(behind + sizes.stepHeight - 1, 0) / sizes.stepHeight),
    h + 1 < i32(sizes.height));
  let first_units = i32(first_p) * sizes.stepHeight + sizes.startHeight - pixel_units;
  let last_pixel = i32(sizes.width) - 1;
  let unit_h = 1.0 / f32(sizes.unitHeight);
  let unit_w = 1.0 / f32(sizes.unitWidth);
  // The first output right of the pixel before the first one.
  let left = (first_w - 1) * sizes.unitWidth - sizes.startWidth;
  var q = select(0u, u32(max(left, 0) / sizes.stepWidth) + 1u, first_w > 0 && left >= 0);
  let shifted = i32(q) * sizes.stepWidth + sizes.startWidth + sizes.unitWidth;
  var q_pixel = shifted / sizes.unitWidth - 1;
  var rest_w = shifted % sizes.unitWidth;
  var here = Element();
  for (var w = first_w - 1; w < end_w; w++) {
    var next = Element();
    while (max(q_pixel, 0) == w && q < sizes.outputWidth) {
      var sum = Element();
      var units = first_units;
      var at = ((dy_lines + first_p) * sizes.outputWidth + q) * sizes.channels + channel;
      for (var p = first_p; p < end_p; p++) {
        let distance = abs(clamp(units, -pixel_units, last_unit - pixel_units));
        sum = fma(dy[at], Element(f32(sizes.unitHeight - distance) * unit_h), sum);
        units += sizes.stepHeight;
        at += next_line;
      }
      let is_on_pixel = q_pixel < 0 || rest_w == 0 || w == last_pixel;
      here += select(sum * (f32(sizes.unitWidth - rest_w) * unit_w), sum, is_on_pixel);
      next += select(sum * (f32(rest_w) * unit_w), Element(), is_on_pixel);

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
    if (w >= first_w) { dx[(line * sizes.width + u32(w)) * sizes.channels + channel] = here; }
    here = next;
  }
}
