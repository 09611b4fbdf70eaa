// c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], plus bias[n] where BIAS is set; f32.
//
// One invocation computes one output; neighbouring invocations own neighbouring columns, so loads of b coalesce.
// Transposed and broadcast operands differ only in their strides.
//
// launch: ceil(batch * m * n / WIDTH) workgroups
// work: 2 * batch * m * n * k operations

const BIAS = false;      // knob: whether bias is added; without it the binding is never read
const AXES = 1u;         // knob: leading axes, 1 to 4, after those along which a and b have one stride are merged
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  // region: product extents
  batch: u32,
  m: u32,
  n: u32,
  k: u32,
  batches: vec4u,        // extents of the leading axes, innermost first
  aBatchStrides: vec4u,  // along these; 0 where one a serves them all
  aRowStride: u32,
  aColumnStride: u32,
  // end region
  // region: product operands
  bBatchStrides: vec4u,  // 0 where one b serves every batch
  bRowStride: u32,
  bColumnStride: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;          // [.., m, k], or [.., k, m]
@group(0) @binding(2) var<storage, read> b: array<f32>;          // [.., k, n], or [.., n, k]
@group(0) @binding(3) var<storage, read> bias: array<f32>;       // [n]
@group(0) @binding(4) var<storage, read_write> c: array<f32>;    // [batch, m, n]
  // end region

// region: batch start
// Where a matrix of a batch begins.
fn batch_start(batch: u32, strides: vec4u) -> u32 {
  var start = 0u;
  var rest = batch;
  for (var axis = 0u; axis + 1u < AXES; axis++) {
    start += rest % sizes.batches[axis] * strides[axis];
    rest /= sizes.batches[axis];
  }
  return start + rest * strides[AXES - 1u];
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.batch * sizes.m * sizes.n) { return; }
  let column = index % sizes.n;
  let row = index / sizes.n % sizes.m;
  let batch = index / sizes.n / sizes.m;

  let a_start = batch_start(batch, sizes.aBatchStrides) + row * sizes.aRowStride;
  let b_start = batch_start(batch, sizes.bBatchStrides) + column * sizes.bColumnStride;
  var sum = 0.0;
  if (BIAS) { sum = bias[column]; }
  for (var k = 0u; k < sizes.k; k++) {
    sum = fma(a[a_start + k * sizes.aColumnStride], b[b_start + k * sizes.bRowStride], sum);
  }
  c[index] = sum;
}
