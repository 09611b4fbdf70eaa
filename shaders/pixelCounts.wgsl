// Label-Assemble's losses over pixels, first pass: what the losses are divided by, in parts, f32.
//   sums[0, p]: pixels that are not ignored;  sums[1, p]: their labelled entries;  sums[2, p]: the weights of these
// An entry is one (pixel, class); which ones have labels is in the table that supervisedClasses makes.
//
// One invocation computes one part p: the words of four pixels p, p + parts, ...
//
// launch: ceil(parts / WIDTH) workgroups
// work: 8 * pixels * words operations

const WEIGHTED = false;  // knob: whether classes have weights; without them the binding is never read
const WIDTH = 64u;       // knob: invocations per workgroup

// region: label maps
const IGNORED = 255u;    // the byte of a pixel that takes part in nothing
// end region

struct Sizes {
  area: u32,             // pixels of an image
  pixels: u32,           // of all images
  classes: u32,
  words: u32,            // of the bits of all classes
  parts: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> labels: array<u32>;         // u8 [pixels]
@group(0) @binding(2) var<storage, read> table: array<u32>;          // [images, classes + 1, words]
@group(0) @binding(3) var<storage, read> classWeights: array<f32>;   // [classes]
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;     // [3, parts]

fn weight_of(bits: u32, first_class: u32) -> f32 {
  var sum = 0.0;
  for (var rest = bits; rest != 0u; rest &= rest - 1u) {
    sum += classWeights[first_class + countTrailingZeros(rest)];
  }
  return sum;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let part = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (part >= sizes.parts) { return; }
  var counts = vec2u();
  var weights = 0.0;
  for (var quad = part; quad < (sizes.pixels + 3u) / 4u; quad += sizes.parts) {
    var bytes = labels[quad];
    for (var i = 0u; i < 4u; i++) {
      let label = bytes & 255u;
      bytes >>= 8u;
      let pixel = 4u * quad + i;
      if (label == IGNORED || pixel >= sizes.pixels) { continue; }
      counts.x += 1u;
      let row = (pixel / sizes.area * (sizes.classes + 1u) + min(label, sizes.classes)) * sizes.words;
      for (var word = 0u; word < sizes.words; word++) {
        let bits = table[row + word];
        counts.y += countOneBits(bits);
        if (WEIGHTED) { weights += weight_of(bits, 32u * word); }
      }
    }
  }
  sums[part] = f32(counts.x);
  sums[part + sizes.parts] = f32(counts.y);
  sums[part + 2u * sizes.parts] = select(f32(counts.y), weights, WEIGHTED);
}
