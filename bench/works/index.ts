// All works, with everyone who can do them.

import type { HostInput } from "../harness/data.ts";
import type { PeerModule } from "../harness/work.ts";
import type { ImplementationName, Subject, Work } from "../harness/work.ts";
import { engineKinds, engineOf, onEngine } from "../implementations/tessera.ts";
import { adamOptions, densenetBounds, densenetOn, examples, initialWeights } from "./densenet.ts";
import type { OperatorWork } from "./operator-work.ts";
import { operatorWorks } from "./operators.ts";

/** Peers that were found, by the name of their implementation. */
export type Peers = ReadonlyMap<ImplementationName, PeerModule>;

function operatorWork(work: OperatorWork, peers: Peers): Work {
  let drawn: Promise<HostInput[]> | undefined;
  const inputs = (): Promise<HostInput[]> => (drawn ??= work.inputs());
  const implementations = new Map<ImplementationName, () => Promise<Subject>>();
  const short = work.flops === undefined || work.flops <= 1e8;
  for (const kind of engineKinds) {
    const repeats = short && kind !== "reference" ? 8 : 1; // the CPU is not waited for
    implementations.set(kind, async () => onEngine(kind, await inputs(), work.body, work.updates, repeats));
  }
  const { peer } = work;
  if (peer !== undefined) {
    for (const [name, module] of peers) {
      if (!module.works.includes(peer.work)) continue;
      implementations.set(name, async () => module.open(peer.work, await inputs(), peer.options));
    }
  }
  return { ...work, implementations };
}

function densenetStep(peers: Peers): Work {
  const implementations = new Map<ImplementationName, () => Promise<Subject>>();
  for (const kind of engineKinds) {
    implementations.set(kind, async () =>
      densenetOn(await engineOf(kind), kind === "tessera-naive" ? "plain" : "fused"),
    );
  }
  for (const [name, module] of peers) {
    if (module.works.includes("densenet"))
      implementations.set(name, async () => module.open("densenet", ...(await densenetForPeers())));
  }
  return {
    name: "densenet-step",
    title: "3 blocks x 4 layers, growth 12, 28 x 28, batch 32: forward, backward, Adam",
    bound: densenetBounds,
    implementations,
  };
}

/** What a peer needs to train the same network: images, labels and weights, and their names. */
export async function densenetForPeers(): Promise<[HostInput[], Readonly<Record<string, unknown>>]> {
  const { images, targets } = await examples();
  const weights = await initialWeights(await engineOf("reference"));
  return [[images, targets, ...weights.values()], { names: [...weights.keys()], adam: adamOptions }];
}

/** Every work that is timed in one process; the first step is a matter of its own (first-step.ts). */
export function worksWith(peers: Peers): Work[] {
  return [densenetStep(peers), ...operatorWorks.map((work) => operatorWork(work, peers))];
}
