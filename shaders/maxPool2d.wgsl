// y[n, p, q, c] = max over i < windowHeight, j < windowWidth of x[n, h, w, c], f32, where
//   h = p * strideHeight - paddingHeight + i, w likewise; pixels outside the image are left out.
// The maximum over a NaN is NaN; so is that over infinities of both signs. WGSL lets a compiler assume that no number is
// NaN, so it is told by the bits of a sum of the values, made small so that it does not overflow (a compiler may take the factor
// out of a window's sum: then huge numbers and an infinity of the other sign are NaN, too). On lavapipe that takes 8 to 14 %
// of the time for windows of 3, 18 to 20 % for those of 2, and looking at the bits of every value 25 to 30 % (2026).
//
// One invocation computes COLUMNS neighbouring outputs of one channel (or four neighbouring ones) in a line; neighbours
// own neighbouring channels, so loads coalesce. Where WINDOW tells their extent it keeps what each column of a window gives, for the
// next windows share columns: 1.2 to 2.5 times as fast on lavapipe as to look at every window anew (2026).
//
// launch: ceil(batch * outputHeight * ceil(outputWidth / COLUMNS) * channels / WIDTH) workgroups
// work: batch * outputHeight * outputWidth * channels * windowHeight * windowWidth * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbouring channels at a time
alias Bits = i32;        // bits of Element
const COLUMNS = 8u;      // knob: neighbouring outputs of a line per invocation
const WINDOW = 0u;       // knob: extent of the windows where they are square; 0 takes any
const STRIDE = 1u;       // knob: distance of neighbouring windows in a line where WINDOW is not 0
const WIDTH = 64u;       // knob: invocations per workgroup

const MAGNITUDE = 0x7fffffff;   // all bits of a number but its sign
const INFINITE = 0x7f800000;    // the magnitude of infinity; all above it are NaN

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
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [N, H, W, C]
@group(0) @binding(2) var<storage, read_write> y: array<Element>;    // [N, P, Q, C]

const EXTENT = max(WINDOW, 1u);               // no array is empty
const KEPT = max(EXTENT, STRIDE) - STRIDE;    // columns that a window shares with the next one

struct Column { largest: Element, sum: Element }

// Of WINDOW pixels below each other; left and right of the image those at its edge once more.
fn column_at(lines: array<u32, EXTENT>, w: i32, channel: u32) -> Column {
  let inside = u32(clamp(w, 0, i32(sizes.width) - 1));
  let first = x[(lines[0] + inside) * sizes.channels + channel];
  var column = Column(first, first * Element(1e-9));
  for (var i = 1u; i < WINDOW; i++) {
    let value = x[(lines[i] + inside) * sizes.channels + channel];
    column.largest = max(column.largest, value);
    column.sum = fma(value, Element(1e-9), column.sum);
  }
  return column;
}

fn or_nan(largest: Element, sum: Element) -> Element {
  return select(largest, sum, (bitcast<Bits>(sum) & Bits(MAGNITUDE)) > Bits(INFINITE));
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: outputs of a line
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let blocks = (sizes.outputWidth + COLUMNS - 1u) / COLUMNS;
  let channel = index % sizes.channels;
  let block = index / sizes.channels;
  let line = block / blocks;
  let image = line / sizes.outputHeight;
  if (image >= sizes.batch) { return; }
  let first_q = block % blocks * COLUMNS;
  let end_q = min(first_q + COLUMNS, sizes.outputWidth);
  // The part of the window inside the image; the host makes sure there is some.
  let top = i32(line % sizes.outputHeight * sizes.strideHeight) - i32(sizes.paddingHeight);
  let first_h = image * sizes.height + u32(max(top, 0));
  let end_h = image * sizes.height + min(u32(top + i32(sizes.windowHeight)), sizes.height);
  // end region

  if (WINDOW > 0u) {
    // Lines above and below the image are the ones at its edge once more.
    var lines: array<u32, EXTENT>;
    for (var i = 0u; i < WINDOW; i++) { lines[i] = min(first_h + i, end_h - 1u) * sizes.width; }
    var left = i32(first_q * STRIDE) - i32(sizes.paddingWidth);
    var columns: array<Column, EXTENT>;
    for (var j = 0u; j < KEPT; j++) { columns[j] = column_at(lines, left + i32(j), channel); }
    for (var q = first_q; q < end_q; q++) {
      for (var j = KEPT; j < WINDOW; j++) { columns[j] = column_at(lines, left + i32(j), channel); }
      var all = columns[0];
      for (var j = 1u; j < WINDOW; j++) {
        all = Column(max(all.largest, columns[j].largest), all.sum + columns[j].sum);
      }
      y[(line * sizes.outputWidth + q) * sizes.channels + channel] = or_nan(all.largest, all.sum);
      for (var j = 0u; j < KEPT; j++) { columns[j] = columns[j + STRIDE]; }
      left += i32(STRIDE);
    }
    return;
  }

  for (var q = first_q; q < end_q; q++) {
    let left = i32(q * sizes.strideWidth) - i32(sizes.paddingWidth);
    let first_w = u32(max(left, 0));
    let end_w = min(u32(left + i32(sizes.windowWidth)), sizes.width);
    var largest = x[(first_h * sizes.width + first_w) * sizes.channels + channel];
    var sum = Element();
    for (var h = first_h; h < end_h; h++) {
      for (var w = first_w; w < end_w; w++) {
        let value = x[(h * sizes.width + w) * sizes.channels + channel];
        largest = max(largest, value);
        sum = fma(value, Element(1e-9), sum);
      }
    }
    y[(line * sizes.outputWidth + q) * sizes.channels + channel] = or_nan(largest, sum);
  }
}
