// Rows with a single one, as oneHot has them, for rows whose length is a multiple of four.
//
// One invocation computes VALUES times four neighbouring numbers of a row.
//
// launch: ceil(count / (VALUES * WIDTH)) workgroups
// work: 0 operations

const VALUES = 1u;       // knob: groups of four per invocation, a divisor of those in a row
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,            // groups of four of y
  rowLength: u32,        // groups of four of a row
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> indices: array<u32>;        // [count / rowLength]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;      // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let first = ((workgroup.x + workgroup.y * grid.x) * WIDTH + local.x) * VALUES;
  if (first >= sizes.count) { return; }
  let row = first / sizes.rowLength;
  let column = 4u * (first - row * sizes.rowLength);
  let index = indices[row];
  for (var i = 0u; i < VALUES; i++) {
    y[first + i] = select(vec4f(0.0), vec4f(1.0), vec4u(index) == vec4u(column + 4u * i) + vec4u(0u, 1u, 2u, 3u));
  }
}
