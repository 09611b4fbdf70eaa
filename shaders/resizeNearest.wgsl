// y[n, p, q, c] = x[n, h, w, c], f32, where h = p * stepHeight / unitHeight, rounded down, w likewise; the starts are 0.
//
// One invocation computes COLUMNS neighbouring outputs of one channel (or four neighbouring ones): in one line of y,
// or, where y has more lines than x, in all lines that are made of one line of x, whose pixels it loads once. Neighbours
// own neighbouring channels, so loads coalesce.
//
// launch: ceil(batch * min(height, outputHeight) * ceil(outputWidth / COLUMNS) * channels / WIDTH) workgroups
// work: 0 operations

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

  var loaded = -1;
  var value = Element();
  for (var q = first_q; q < end_q; q++) {
    if (w != loaded) {
      value = x[(x_line + u32(w)) * sizes.channels + channel];
      loaded = w;
    }
    var at = y_at;
    for (var p = first_p; p < end_p; p++) {
      y[at] = value;
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
