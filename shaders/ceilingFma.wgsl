// v <- v * factor + offset, `steps` times over for CHAINS numbers in each of four lanes, and y[i] = their sum, f32:
// as many multiply-adds a second as this adapter does when nothing waits for memory. What other kernels that are bound
// by arithmetic are measured against; 8 CHAINS steps operations for each of the `count` results.
//
// One invocation keeps all its chains in registers. They do not depend on each other, so a chain's next step need
// not wait for its last one; start and factor come from outside, so that nothing can be worked out beforehand. On
// lavapipe (2026) a loop that is not unrolled reaches a third of it, and one of more than 64 lines does not unroll.
//
// launch: ceil(count / WIDTH) workgroups
// work: 8 * CHAINS * steps * count operations

const CHAINS = 8u;       // knob: independent chains of four lanes per invocation
const UNROLL = 8u;       // knob: steps per turn of the loop; steps is a multiple of it
const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  count: u32,
  steps: u32,
  factor: f32,           // below 1, so that no chain leaves the range of f32
  offset: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;    // [count]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (index >= sizes.count) { return; }
  let factor = vec4f(sizes.factor);
  let offset = vec4f(sizes.offset);
  var chains: array<vec4f, CHAINS>;
  for (var i = 0u; i < CHAINS; i++) { chains[i] = vec4f(f32(index + i)); }
  for (var step = 0u; step < sizes.steps; step += UNROLL) {
    for (var j = 0u; j < UNROLL; j++) {
      for (var i = 0u; i < CHAINS; i++) { chains[i] = fma(chains[i], factor, offset); }
    }
  }
  var sum = vec4f();
  for (var i = 0u; i < CHAINS; i++) { sum += chains[i]; }
  y[index] = sum;
}
