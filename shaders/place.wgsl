// One part of a pack, f32: y[yStart + i] = x[i] for i < count, and 0 for count <= i < room.
//
// One invocation writes one value; the gap behind the part, up to the next one, is written as well.
//
// launch: ceil(room / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  room: u32,             // from this part's offset to the next part's
  yStart: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [count]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;    // the pack

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.room) { return; }
  let value = x[min(index, sizes.count - 1u)];
  y[sizes.yStart + index] = select(0.0, value, index < sizes.count);
}
