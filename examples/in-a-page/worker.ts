// A worker that trains on drawn radiographs of two sites, keeps its checkpoints in the browser's storage, and tells the page.

import { openEngine } from "@tessera-gpu/tessera";
import {
  Classifier,
  QueryHead,
  modelBytes,
  recipes,
  trainClassifier,
  viewPresets,
  type Evaluation,
  type TrainingSettings,
} from "@tessera-gpu/tessera/assemble";
import { assembly, phantoms, type Finding } from "@tessera-gpu/tessera/data";
import { opfsStorage, storedCheckpoints, type TrainingListener } from "@tessera-gpu/tessera/training";

const engine = await openEngine(); // { device: "reference" } computes on the CPU, slowly
const classes: readonly Finding[] = ["nodule", "effusion"];
const drawn = { size: 32, findings: classes };
const data = assembly({
  classes,
  sources: [
    phantoms({ ...drawn, count: 128, site: "A", seed: 1, knows: ["nodule"] }),
    phantoms({ ...drawn, count: 128, site: "B", seed: 2, knows: ["effusion"] }),
  ],
  test: phantoms({ ...drawn, count: 64, site: "A", seed: 3 }),
});

const { tau: threshold, ...recipe } = recipes.small;
const settings: TrainingSettings = {
  ...recipe,
  ...{ threshold, batch: 32, seed: 1, evaluate: "epoch" },
  network: {
    ...{ inputChannels: 1, blocks: [2, 2], growth: 8, bottleneck: 2, compression: 0.5 },
    stem: { features: 16, kernel: 3, stride: 2, pool: false },
  },
  normalisation: { mean: [0.5], deviation: [0.25] },
  ...{ weak: viewPresets["paper-weak"], strong: viewPresets["paper-strong"] },
};

const show = (news: object): void => postMessage(news);
let queries: QueryHead["queries"] | undefined;
const listener: TrainingListener<Evaluation> = {
  begun: (module) => {
    if (module instanceof Classifier && module.head instanceof QueryHead) queries = module.head.queries;
  },
  step: ({ step, losses }) => show({ step, losses }),
  epoch: ({ epoch, evaluation }) => {
    show({ epoch, auc: evaluation?.auc });
    void queries?.read().then((values) => show({ epoch, queries: values }));
  },
};

const checkpoints = await storedCheckpoints(await opfsStorage(), "run.safetensors");
const { classifier, kept } = await trainClassifier(engine, data, settings, listener, undefined, checkpoints);
show({ model: await modelBytes(classifier, { assembly: data, settings, kept }) });
