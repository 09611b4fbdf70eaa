// y[r, c[r]] = own[r] for each row r whose column c[r] there is, f32; the others stay as they are.
//
// One invocation for each row.
//
// launch: ceil(rows / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> places: array<u32>;      // [rows], columns
@group(0) @binding(2) var<storage, read> own: array<f32>;         // [rows]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;     // [rows, columns]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let row = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (row >= sizes.rows || places[row] >= sizes.columns) { return; }
  y[row * sizes.columns + places[row]] = own[row];
}
