// How the models of the page are trained: as those of the demo on the command line, with an AUC after every epoch.

import { viewPresets, type TrainingSettings } from "@tessera-gpu/tessera/assemble";
import { smallTraining, smallViews, warmUpOf } from "../../../src/cli/demos/small-training.ts";
import { channelsOf, type Setup } from "../protocol.ts";

export function settingsOf(setup: Setup): TrainingSettings {
  const { epochs, seed } = setup;
  const channels = channelsOf(setup);
  const every = (value: number): number[] => Array.from({ length: channels }, () => value);
  return {
    ...smallTraining,
    network: { ...smallTraining.network, inputChannels: channels },
    normalisation: { mean: every(0.5), deviation: every(0.25) },
    weak: { ...viewPresets.none, ...smallViews.weak },
    strong: { ...viewPresets.none, ...smallViews.strong },
    ...{ epochs, warmupEpochs: warmUpOf(epochs), seed, evaluate: "epoch" },
  };
}
