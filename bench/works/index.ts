// All works, with everyone who can do them.

import type { HostInput } from "../harness/data.ts";
import { isWebGpuPeer } from "../harness/peers.ts";
import { stepsInProcess } from "../harness/peer-process.ts";
import type { PeerModule } from "../harness/work.ts";
import type { ImplementationName, Subject, Work } from "../harness/work.ts";
import { engineKinds, engineOf, onEngine } from "../implementations/tessera.ts";
import { networks, type Network } from "./networks.ts";
import type { OperatorWork } from "./operator-work.ts";
import { operatorWorks } from "./operators.ts";
import { stepBounds, stepsOf, stepsOn } from "./training-step.ts";

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

/** A training step of a network that peers know by this name. */
function trainingStep(
  network: string,
  { title, problemOn, together = 1e-2, limit }: Network,
  peers: Peers,
): Work {
  const implementations = new Map<ImplementationName, () => Promise<Subject>>();
  // The naive kernels would take minutes for a step of a network that has a limit, and show nothing new.
  for (const kind of engineKinds.filter((each) => each !== "tessera-naive" || limit === undefined)) {
    implementations.set(kind, async () => {
      const engine = await engineOf(kind);
      return stepsOn(engine, await problemOn(engine, kind === "tessera-naive" ? "plain" : "fused"));
    });
  }
  for (const [name, module] of peers) {
    if (!module.works.includes(network)) continue;
    implementations.set(name, async () =>
      limit !== undefined && isWebGpuPeer(name)
        ? stepsInProcess(network, name, limit)
        : stepsOf(module, network, await problemOn(await engineOf("reference"))),
    );
  }
  return {
    name: `${network}-step`,
    title: `one training step; ${title}`,
    bound: stepBounds(together),
    ...(limit === undefined ? {} : { limit }),
    network,
    implementations,
  };
}

/** Every work that is timed in one process, slow ones last; the first step is a matter of its own (first-step.ts). */
export function worksWith(peers: Peers): Work[] {
  const steps = Object.entries(networks).map(([name, network]) => trainingStep(name, network, peers));
  return [
    ...steps.filter(({ limit }) => limit === undefined),
    ...operatorWorks.map((work) => operatorWork(work, peers)),
    ...steps.filter(({ limit }) => limit !== undefined),
  ];
}
