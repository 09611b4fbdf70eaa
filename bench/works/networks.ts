// The networks whose training steps are timed, by the names that peers know them by.

import type { Engine } from "@tessera-gpu/tessera";
import type { Composition } from "@tessera-gpu/tessera/nn";
import { engineOf } from "../implementations/tessera.ts";
import { convnetOn } from "./convnet.ts";
import { densenet121AssembleOn, densenet121On } from "./densenet121.ts";
import { densenetOn } from "./densenet.ts";
import { encoderOn } from "./encoder.ts";
import { stepsOn, type Problem } from "./training-step.ts";
import { unetOn } from "./unet.ts";

export interface Network {
  /** Sizes, for people. */
  readonly title: string;
  /** Weights on an engine, images and labels; alike everywhere. */
  readonly problemOn: (engine: Engine, composition?: Composition) => Promise<Problem>;
  /** How far all changes of a step may be from the reference's together; default 1e-2, see `stepBounds`. */
  readonly together?: number;
  /**
   * Seconds in which a peer on WebGPU must have made a step, in a process that is ended otherwise; default: it is waited for.
   * One step is measured of those, the second.
   */
  readonly limit?: number;
  /** Whether its first step is measured too, with nothing compiled before. */
  readonly first?: true;
}

/**
 * Of float32 in 121 layers with statistics of four images: rounding turns ReLUs over, and the changes of PyTorch are 3 % from the
 * reference's, of Tessera's 1 % (2026). Gradients of fewer digits still have the norms that they must have.
 *
 * A step takes minutes elsewhere: peers on WebGPU get processes of their own, and end after so many seconds.
 */
const deep = { together: 0.1, limit: 600 } as const;

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
  encoder: {
    title: "transformer of 2 blocks, width 128, 64 texts of 64 words out of 8,000, contrastive loss; Adam",
    problemOn: encoderOn,
  },
  densenet121: {
    title: "DenseNet-121, 224 x 224 x 1, batch 4, cross entropy; Adam",
    problemOn: densenet121On,
    ...deep,
  },
  "densenet121-assemble": {
    title: "DenseNet-121, both views of 224 x 224 x 1, batch 4, Label-Assemble's losses; Adam",
    problemOn: densenet121AssembleOn,
    ...deep,
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
