// Sums that are divided among workgroups: chunks of what is summed over, and the second pass that adds them up in order.

import { output, temporary, type Candidate, type Launch, type Slot } from "../operator.ts";

/** Divides `items` into chunks, as many as are wanted or a few less: none is empty. */
export function divided(items: number, wanted: number): { chunk: number; chunks: number } {
  const chunk = Math.ceil(items / Math.min(items, Math.max(1, Math.floor(wanted))));
  return { chunk, chunks: Math.ceil(items / chunk) };
}

/**
 * Invocations that share four values of a sum of many chunks on a GPU, where one after the other each chunk would wait for its
 * loads. Computed, not measured.
 */
export const partLanes = 8;
/** From so many chunks on they do. */
const manyChunks = 2 * partLanes;

/**
 * A candidate whose launch `first` of `inputs` gives the sums of each chunk, [chunks, values], in its binding `sums`: they go into
 * a temporary, and are then added up in a fixed order; one chunk needs no second pass.
 */
export function addedUp(
  name: string,
  first: Omit<Launch, "bind">,
  inputs: Readonly<Record<string, Slot>>,
  sums: string,
  chunks: number,
  values: number,
  isForGpus = false,
): Candidate {
  if (chunks === 1) return { name, launches: [{ ...first, bind: { ...inputs, [sums]: output(0) } }] };
  const lanes = values % 4 === 0 ? 4 : 1;
  const sharing =
    isForGpus && chunks >= manyChunks ? { LANES: partLanes, WIDTH: 256 } : { LANES: 1, WIDTH: 64 };
  return {
    name,
    temporaries: [{ shape: [chunks, values], dtype: "f32" }],
    launches: [
      { ...first, bind: { ...inputs, [sums]: temporary(0) } },
      {
        kernel: "sumChunks",
        knobs: { Element: lanes === 4 ? "vec4f" : "f32", ...sharing },
        bind: { parts: temporary(0), y: output(0) },
        sizes: { quads: values / lanes, chunks },
      },
    ],
  };
}
