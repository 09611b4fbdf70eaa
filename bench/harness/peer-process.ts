// A peer on WebGPU in a process of its own, which is ended when a step takes too long: nothing else stops what a device has
// been told to compute. What it used of memory goes with it.

import { fileURLToPath } from "node:url";
import { openChild } from "./child.ts";
import type { Numbers } from "./equality.ts";
import type { ImplementationName, Subject } from "./work.ts";

/** What is asked of such a process. */
export interface PeerRequest {
  readonly do: "results" | "run";
}

export interface PeerAnswer {
  /** Of `results`. */
  readonly results?: readonly Numbers[];
  /** Of `run`. */
  readonly launches?: number;
}

const program = fileURLToPath(new URL("../peer-step.js", import.meta.url));

/**
 * Training steps of a network by a peer.
 *
 * @param network a name in `networks`
 * @param limit seconds that one step may take
 * @throws TimeLimitError from `results` and `run` when it takes longer
 */
export async function stepsInProcess(
  network: string,
  name: ImplementationName,
  limit: number,
): Promise<Subject> {
  const child = await openChild<PeerRequest, PeerAnswer>(program, [network, name], name);
  let launches = 0;
  return {
    async results() {
      const { results = [] } = await child.ask({ do: "results" }, limit);
      return results;
    },
    async run() {
      ({ launches = 0 } = await child.ask({ do: "run" }, limit));
    },
    launches: () => launches,
    dispose: () => child.close(),
  };
}
