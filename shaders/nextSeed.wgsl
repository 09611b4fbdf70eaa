// seed = state; then the last two words of state, a number of 64 bits, count on by `step`; u32.
//
// One invocation does it all.
//
// launch: 1 workgroup
// work: 0 operations

struct Sizes {
  step: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> state: array<u32>;    // [4]
@group(0) @binding(2) var<storage, read_write> seed: array<u32>;     // [4]

@compute @workgroup_size(1)
fn main() {
  for (var i = 0u; i < 4u; i++) { seed[i] = state[i]; }
  let low = state[2] + sizes.step;
  state[2] = low;
  if (low < sizes.step) { state[3] += 1u; }
}
