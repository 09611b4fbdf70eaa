// The networks whose training steps are timed, by the names that peers know them by.

import type { Engine } from "tessera";
import type { Composition } from "tessera/nn";
import { engineOf } from "../implementations/tessera.ts";
import { convnetOn } from "./convnet.ts";
import { densenetOn } from "./densenet.ts";
import { stepsOn, type Problem } from "./training-step.ts";
import { unetOn } from "./unet.ts";

export interface Network {
  /** Sizes, for people. */
  readonly title: string;
  /** Weights on an engine, images and labels; alike everywhere. */
  readonly problemOn: (engine: Engine, composition?: Composition) => Promise<Problem>;
  /** Whether its first step is measured too, with nothing compiled before. */
  readonly first?: true;
}

export const networks: Readonly<Record<string, Network>> = {
  densenet: {
    title: "3 blocks x 4 layers, growth 12, 28 x 28, batch 32; Adam",
    problemOn: densenetOn,
    first: true,
  },
  unet: { title: "width 16, 4 levels, 96 x 72 x 3, batch 8, 11 classes; Adam", problemOn: unetOn },
  convnet: {
    title: "3x3 to 16 and to 32 channels, linear, 28 x 28, batch 64; SGD",
    problemOn: convnetOn,
    first: true,
  },
};

/** The networks whose first step is measured, in order. */
export const firstStepNetworks: readonly string[] = Object.keys(networks).filter(
  (name) => networks[name].first === true,
);

/** The float64 reference's loss of a network's first step. */
export async function firstLossOf(network: string): Promise<number> {
  const engine = await engineOf("reference");
  const subject = await stepsOn(engine, await networks[network].problemOn(engine));
  try {
    const [loss] = await subject.results();
    return loss[0];
  } finally {
    await subject.dispose();
  }
}
