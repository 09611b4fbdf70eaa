// Sums over all pixels, of parts of them first.

import { input, output, temporary, type Candidate, type Launch } from "../operator.ts";

/**
 * A weight gradient whose launch `first` of x and dy gives the sum of each part: the sums go into a temporary, and are then
 * added up in order; one part needs no second pass.
 */
export function inParts(name: string, first: Omit<Launch, "bind">, parts: number, values: number): Candidate {
  const bind = { x: input(0), dy: input(1) };
  if (parts === 1) return { name, launches: [{ ...first, bind: { ...bind, parts: output(0) } }] };
  const lanes = values % 4 === 0 ? 4 : 1;
  return {
    name,
    temporaries: [{ shape: [parts, values], dtype: "f32" }],
    launches: [
      { ...first, bind: { ...bind, parts: temporary(0) } },
      {
        kernel: "sumChunks",
        knobs: { Element: lanes === 4 ? "vec4f" : "f32" },
        bind: { parts: temporary(0), y: output(0) },
        sizes: { quads: values / lanes, chunks: parts },
      },
    ],
  };
}
