// Sums over all pixels, of parts of them first.

import { input, type Candidate, type Launch } from "../operator.ts";
import { addedUp } from "./chunks.ts";

/** A weight gradient whose launch `first` of x and dy gives the sum of each part, which are then added up in order. */
export function inParts(name: string, first: Omit<Launch, "bind">, parts: number, values: number): Candidate {
  return addedUp(name, first, { x: input(0), dy: input(1) }, "parts", parts, values);
}
