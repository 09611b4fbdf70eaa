// The process of a peer on WebGPU that makes training steps of a network (harness/peer-process.ts).
//
// usage: forked, with NETWORK IMPLEMENTATION

import { answerQuestions } from "./harness/child.ts";
import { launchesOf } from "./harness/launches.ts";
import type { PeerAnswer, PeerRequest } from "./harness/peer-process.ts";
import { isWebGpuPeer, webGpuPeers } from "./harness/peers.ts";
import type { Subject } from "./harness/work.ts";
import { dawn } from "./implementations/dawn.ts";
import { engineOf } from "./implementations/tessera.ts";
import { networks } from "./works/networks.ts";
import { stepsOf } from "./works/training-step.ts";

const [network, name] = process.argv.slice(2);
if (!isWebGpuPeer(name)) throw new Error(`${name} is no peer on WebGPU`);
const peer = await webGpuPeers[name](await dawn());
let subject: Subject | undefined;

async function answer(request: PeerRequest): Promise<PeerAnswer> {
  const steps = (subject ??= await stepsOf(
    peer,
    network,
    await networks[network].problemOn(await engineOf("reference")),
  ));
  if (request.do === "results") return { results: await steps.results() };
  return { launches: await launchesOf(() => steps.run()) };
}

answerQuestions((request) => answer(request as PeerRequest));
