// How a loss that is a sum over all numbers is dealt out: invocations that add up every so-manyth, and the launches after them.

import type { AdapterTraits } from "../../device/traits.ts";
import { byElement, type Element } from "../strided-iteration.ts";
import { output, temporary, type Candidate, type Launch, type Slot } from "../operator.ts";
import { scaledSum, scratchOf } from "./scaled-sum.ts";

/** Walks numbers in Elements: how many there are, and how many invocations share them. */
export interface PointwiseWalk {
  readonly Element: Element;
  readonly VALUES: number;
  readonly count: number;
  readonly parts: number;
  /** What the invocations have added up. */
  readonly sums: Slot;
}

/** Invocations, at most: enough to fill the device, and no more than the sum after them takes in a moment. */
const mostParts = ({ isSoftware }: Pick<AdapterTraits, "isSoftware">): number => (isSoftware ? 1024 : 65536);

/**
 * Candidates for output 0, the mean of terms over `count` numbers, by one launch that adds up parts and a sum of these. Fours
 * are offered where `inFours` is a multiple of four.
 */
export function meanOfTerms(
  count: number,
  inFours: number,
  adapter: AdapterTraits,
  make: (walk: PointwiseWalk) => Launch,
): readonly Candidate[] {
  return byElement(inFours, (name, Element) => {
    const VALUES = Element === "vec4f" ? 4 : 1;
    const steps = count / VALUES;
    const parts = Math.min(Math.ceil(steps / 4), mostParts(adapter));
    const sums = temporary(0);
    return {
      name,
      temporaries: [{ shape: [parts], dtype: "f32" }, scratchOf(parts)],
      launches: [
        make({ Element, VALUES, count: steps, parts, sums }),
        ...scaledSum(sums, output(0), parts, 1 / count, temporary(1)),
      ],
    };
  });
}
