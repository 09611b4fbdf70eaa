// A process of its own for one implementation's first training step: from nothing compiled to the loss on the host.
// Prints one line of JSON: { milliseconds, loss }.
//
// usage: node first-step.js IMPLEMENTATION

import { openEngine } from "tessera";
import { openTfjs } from "./harness/peers.ts";
import { dawn } from "./implementations/dawn.ts";
import { engineOf } from "./implementations/tessera.ts";
import { densenetOn, firstLossOn } from "./works/densenet.ts";
import { stepForPeers } from "./works/training-step.ts";

async function main(implementation: string): Promise<void> {
  let milliseconds: number;
  let loss: number;
  if (implementation === "tfjs-webgpu") {
    // Dawn and the bundle are loaded, a device is there and the weights are drawn before the clock starts.
    const [inputs, options] = await stepForPeers(await densenetOn(await engineOf("reference")));
    const gpu = await dawn();
    const peer = await openTfjs(gpu);
    const started = performance.now();
    const subject = (await peer.open("densenet", inputs, options)) as unknown as { step(): Promise<number> };
    loss = await subject.step();
    milliseconds = performance.now() - started;
  } else {
    (await openEngine({ device: "webgpu" })).close(); // Dawn is loaded, nothing is compiled
    const started = performance.now();
    const naive = implementation !== "tessera";
    loss = await firstLossOn(await engineOf(naive ? "tessera-naive" : "tessera"), naive ? "plain" : "fused");
    milliseconds = performance.now() - started;
  }
  process.stdout.write(`${JSON.stringify({ milliseconds, loss })}\n`, () => process.exit(0));
}

await main(process.argv[2] ?? "tessera");
