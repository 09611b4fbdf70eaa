// dx[n, h, w, c] = sum of dy[n, p, q, c] over the windows (p, q) whose maximum y[n, p, q, c] is met first at pixel
// (h, w), in row-major order, f32, for windows of WINDOW x WINDOW pixels at most WINDOW apart.
//
// One invocation computes STRIDE neighbouring lines of one channel (or four neighbouring ones): it walks along the windows that
// reach into them, column by column of windows, hands each one's slope to the first pixel that equals its maximum, and
// keeps the columns of x and the sums that the next windows share. Neighbours own neighbouring channels.
//
// lavapipe, 2 cores, 2026: 4.7 to 6 times maxPool2dGradient, which looks through a window once for each of its pixels. With
// windows of 3, stride 2, that is 14 loads for four pixels; 10 for two pairs of lines are a tenth faster, and twice as
// long to compile. A walk down two columns takes 1.4 to 1.9 times as long.
//
// launch: ceil(batch * ceil((height + paddingHeight) / STRIDE) * channels / WIDTH) workgroups
// work: batch * outputHeight * outputWidth * channels * WINDOW * WINDOW * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
const WINDOW = 3u;       // knob: extent of the windows, at most 3: all loops over it are unrolled
const STRIDE = 2u;       // knob: distance of neighbouring windows, at most WINDOW
const WIDTH = 64u;       // knob: invocations per workgroup

const ABOVE = (WINDOW - 1u) / STRIDE;       // windows that start above the lines and reach into them
const WINDOWS = ABOVE + 1u;
const FIRST = ABOVE * STRIDE;               // the first of the lines, counted from the uppermost of the windows
const LINES = FIRST + WINDOW;
const KEPT = WINDOW - STRIDE;               // columns that a window shares with the next one

struct Sizes {
  batch: u32,            // N
  height: u32,           // H
  width: u32,            // W
  channels: u32,         // C, or C / 4 where values are in fours
  outputHeight: u32,     // P
  outputWidth: u32,      // Q
  paddingHeight: u32,
  paddingWidth: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [N, H, W, C]
@group(0) @binding(2) var<storage, read> y: array<Element>;          // [N, P, Q, C]
@group(0) @binding(3) var<storage, read> dy: array<Element>;         // [N, P, Q, C]
@group(0) @binding(4) var<storage, read_write> dx: array<Element>;   // [N, H, W, C]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let blocks = (sizes.height + sizes.paddingHeight + STRIDE - 1u) / STRIDE;
  let channel = index % sizes.channels;
  let block = index / sizes.channels % blocks;
  let image = index / sizes.channels / blocks;
  if (image >= sizes.batch) { return; }

  // What lies above the image is huge as u32, and outside too. What lies outside is read elsewhere and never met.
  var line_at: array<u32, LINES>;
  var line_inside: array<bool, LINES>;
  for (var i = 0u; i < LINES; i++) {
    let h = block * STRIDE + i - FIRST - sizes.paddingHeight;
    line_inside[i] = h < sizes.height;
    line_at[i] = (image * sizes.height + select(0u, h, line_inside[i])) * sizes.width;
  }
  var windows_at: array<u32, WINDOWS>;
  var windows_inside: array<bool, WINDOWS>;
  for (var i = 0u; i < WINDOWS; i++) {
    let p = block + i - ABOVE;
    windows_inside[i] = p < sizes.outputHeight;
    windows_at[i] = (image * sizes.outputHeight + select(0u, p, windows_inside[i])) * sizes.outputWidth;
  }

  var values: array<array<Element, LINES>, WINDOW>;    // by columns
  var sums: array<array<Element, STRIDE>, WINDOW>;
  for (var j = 0u; j < KEPT; j++) {
    let w = min(j - sizes.paddingWidth, sizes.width - 1u);
    for (var i = 0u; i < LINES; i++) { values[j][i] = x[(line_at[i] + w) * sizes.channels + channel]; }
  }
  let steps = (sizes.width + sizes.paddingWidth + STRIDE - 1u) / STRIDE;
  for (var q = 0u; q < steps; q++) {
    let left = q * STRIDE - sizes.paddingWidth;
    for (var j = KEPT; j < WINDOW; j++) {
      let w = min(left + j, sizes.width - 1u);
      for (var i = 0u; i < LINES; i++) { values[j][i] = x[(line_at[i] + w) * sizes.channels + channel]; }
    }
    var largest: array<Element, WINDOWS>;
    var slopes: array<Element, WINDOWS>;
    for (var k = 0u; k < WINDOWS; k++) {
      let at = (windows_at[k] + min(q, sizes.outputWidth - 1u)) * sizes.channels + channel;
      largest[k] = y[at];
      slopes[k] = select(Element(), dy[at], windows_inside[k] && q < sizes.outputWidth);
    }

    for (var k = 0u; k < WINDOWS; k++) {
      for (var i = 0u; i < WINDOW; i++) {
        let line = k * STRIDE + i;
        for (var j = 0u; j < WINDOW; j++) {
          let inside = line_inside[line] && left + j < sizes.width;
          let is_met = values[j][line] == largest[k];
          if (line >= FIRST && line < FIRST + STRIDE) {
            sums[j][line - FIRST] += select(Element(), select(Element(), slopes[k], is_met), inside);
          }
          // The slope of a window goes to one pixel.
          slopes[k] = select(slopes[k], select(slopes[k], Element(), is_met), inside);
        }
      }
    }

    // No later window reaches into the first columns.
    for (var j = 0u; j < STRIDE; j++) {
      if (left + j < sizes.width) {
        for (var i = 0u; i < STRIDE; i++) {
          if (line_inside[FIRST + i]) {
            dx[(line_at[FIRST + i] + left + j) * sizes.channels + channel] = sums[j][i];
          }
        }
      }
    }
    for (var j = 0u; j < WINDOW; j++) {
      if (j < KEPT) {
        values[j] = values[j + STRIDE];
        sums[j] = sums[j + STRIDE];
      } else {
        sums[j] = array<Element, STRIDE>();
      }
    }
  }
}
