// Which classes the pixels of an image have labels of, for each label that a pixel may have, one bit a class:
//   table[n, l] = known[n] and, where image n knows class l, exclusions[l];  table[n, classes] = known[n]
// A class that the image's source does not know is labelled (a negative) where a known class excludes it. The last row is of
// pixels whose label names no class. Class k is bit k % 32 of word k / 32; bits of no class are 0.
//
// One invocation computes one word.
//
// launch: ceil(images * (classes + 1) * words / WIDTH) workgroups
// work: 4 * images * (classes + 1) * words operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  images: u32,
  classes: u32,
  words: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> known: array<u32>;          // [images, words]
@group(0) @binding(2) var<storage, read> exclusions: array<u32>;     // [classes, words]
@group(0) @binding(3) var<storage, read_write> table: array<u32>;    // [images, classes + 1, words]

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let index = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  let word = index % sizes.words;
  let label = index / sizes.words % (sizes.classes + 1u);
  let image = index / sizes.words / (sizes.classes + 1u);
  if (image >= sizes.images) { return; }
  var bits = known[image * sizes.words + word];
  if (label < sizes.classes) {
    let is_known = (known[image * sizes.words + label / 32u] >> (label % 32u)) & 1u;
    if (is_known == 1u) { bits |= exclusions[label * sizes.words + word]; }
  }
  // The last word may have fewer classes than bits.
  let held = min(sizes.classes - 32u * word, 32u);
  table[index] = bits & select((1u << (held % 32u)) - 1u, 0xffffffffu, held == 32u);
}
