// Whether two runs of one launch wrote the same, and nothing behind the end: what a checked engine asks after a launch.
// `first` and `second` are what the runs left of a binding: its `words`, then the guard band.
//   found[3 place + 0] = the first of the words in which they differ, where `first` is NaN there
//   found[3 place + 1] = the first of the words in which they differ, where it is not
//   found[3 place + 2] = the first word of the band, counted from its start, that one of the runs wrote to
// Each stays as it is where there is no such word: fill `found` with 2^32 - 1. Two NaNs do not differ, whatever their bits.
//
// One invocation looks at one word. The smallest index wins, whatever the order.
//
// launch: ceil((words + bandWords) / WIDTH) workgroups
// work: 0 operations

const WIDTH = 64u;       // knob: invocations per workgroup

struct Sizes {
  words: u32,
  bandWords: u32,
  firstBand: u32,        // where `bands` has what was behind the words before the first run
  secondBand: u32,       // and before the second run
  place: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> first: array<u32>;                  // [words + bandWords]
@group(0) @binding(2) var<storage, read> second: array<u32>;                 // [words + bandWords]
@group(0) @binding(3) var<storage, read> bands: array<u32>;                  // every band there is
@group(0) @binding(4) var<storage, read_write> found: array<atomic<u32>>;    // [places, 3]

fn is_nan(word: u32) -> bool {
  return (word & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let word = (workgroup.x + workgroup.y * grid.x) * WIDTH + local.x;
  if (word >= sizes.words + sizes.bandWords) { return; }
  let one = first[word];
  let other = second[word];
  if (word < sizes.words) {
    if (one == other || (is_nan(one) && is_nan(other))) { return; }
    atomicMin(&found[3u * sizes.place + select(1u, 0u, is_nan(one))], word);
    return;
  }
  let behind = word - sizes.words;
  if (one == bands[sizes.firstBand + behind] && other == bands[sizes.secondBand + behind]) { return; }
  atomicMin(&found[3u * sizes.place + 2u], behind);
}
