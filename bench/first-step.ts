// A process of its own for one implementation's first training step: from nothing compiled to the loss on the host.
// Prints one line of JSON, a `FirstStep`.
//
// usage: node first-step.js NETWORK IMPLEMENTATION

import { openEngine } from "@tessera-gpu/tessera";
import type { FirstStep } from "./harness/first-step.ts";
import { isWebGpuPeer, webGpuPeers } from "./harness/peers.ts";
import { dawn } from "./implementations/dawn.ts";
import { engineOf } from "./implementations/tessera.ts";
import { networks } from "./works/networks.ts";
import { stepForPeers, trainingOn } from "./works/training-step.ts";

/** Times what gives a loss, by the clock and by what all cores did. */
async function timed(step: () => Promise<number>): Promise<FirstStep> {
  const before = process.cpuUsage();
  const started = performance.now();
  const loss = await step();
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { milliseconds, cpu: (user + system) / 1000, loss };
}

async function firstStep(network: string, implementation: string): Promise<FirstStep> {
  const { problemOn } = networks[network];
  if (isWebGpuPeer(implementation)) {
    // Dawn and the peer are loaded, a device is there and the weights are drawn before the clock starts.
    const [inputs, options] = await stepForPeers(await problemOn(await engineOf("reference")));
    const peer = await webGpuPeers[implementation](await dawn());
    return timed(async () => {
      const subject = (await peer.open(network, inputs, options)) as unknown as { step(): Promise<number> };
      return subject.step();
    });
  }
  (await openEngine({ device: "webgpu" })).close(); // Dawn is loaded, nothing is compiled
  const naive = implementation === "tessera-naive";
  return timed(async () => {
    const engine = await engineOf(naive ? "tessera-naive" : "tessera");
    const training = await trainingOn(engine, await problemOn(engine, naive ? "plain" : "fused"));
    return training.step();
  });
}

const [network, implementation] = process.argv.slice(2);
const result = await firstStep(network, implementation);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
