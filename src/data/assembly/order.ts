// The order in which images are dealt and visited: seeded permutations that any epoch can recompute, so a run can resume.
import { randomStream } from "../random-stream.ts";
import type { Random } from "../random-stream.ts";

/** A uniformly random permutation of 0 .. count - 1 (Fisher-Yates). */
export function permutation(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const held = order[last];
    order[last] = order[other];
    order[other] = held;
  }
  return order;
}

/** The order in which epoch `epoch` visits `count` images; needs no earlier epoch to be drawn first. */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return permutation(count, randomStream(seed, "epoch", epoch));
}
