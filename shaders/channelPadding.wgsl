// Zero channels put in or taken out behind the first `split` channels, f32 or f16:
//   y[o, c, i] = x[o, c, i] for c < split; 0 for split <= c < split + added; else x[o, c + removed - added, i]
// At most one of added and removed is not 0.
//
// One invocation computes one value.
//
// launch: ceil(outer * channels * inner / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup
alias X = f32;           // stored: x
alias Y = f32;           // stored: y

struct Sizes {
  outer: u32,
  channels: u32,         // of y
  inner: u32,
  split: u32,
  added: u32,
  removed: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<X>;            // [outer, channels + removed - added, inner]
@group(0) @binding(2) var<storage, read_write> y: array<Y>;      // [outer, channels, inner]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let outer = index / (sizes.channels * sizes.inner);
  if (outer >= sizes.outer) { return; }
  let channel = index / sizes.inner % sizes.channels;
  let is_behind = channel >= sizes.split;
  let is_gap = is_behind && channel < sizes.split + sizes.added;
  let source = select(channel, channel + sizes.removed - sizes.added, is_behind && !is_gap);
  let channels = sizes.channels + sizes.removed - sizes.added;
  let value = f32(x[(outer * channels + min(source, channels - 1u)) * sizes.inner + index % sizes.inner]);
  y[index] = Y(select(value, 0.0, is_gap));
}
