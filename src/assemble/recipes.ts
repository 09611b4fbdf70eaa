// Recipes of training by name.
import type { Recipe } from "./recipe.ts";

/** Where nothing is said: a run of minutes on a small network. */
export const defaultRecipe: Recipe = {
  epochs: 8,
  warmupEpochs: 2,
  absent: "ignored",
  learningRate: 1e-3,
  schedule: { by: "plateau", patience: 5 },
  lambdaPseudo: 1,
  lambdaConsistency: 1,
  tau: 0.5,
  temperature: 4,
  stopGradient: true,
  unsupervisedOn: "absent",
  normalise: "entries",
  head: { kind: "queries", bias: "fc" },
  earlyStopping: 10,
  keep: "best",
  ema: null,
  supervised: "weak",
  bnViews: "separate",
};

/**
 * `paper`: Kang et al., "Label-Assemble: Leveraging Multiple Datasets with Partial Labels" (ISBI 2023): Adam at 2e-4 for 64
 * epochs, halved on a plateau of 5; the unsupervised losses where a label is absent, after "a few epochs", for which 3 is
 * ours; queries and one fc, with the bias that an fc has. It is silent on divisors and on the pseudo-label's gradient.
 *
 * `small`: for some hundred images and a small network, which at the paper's rate would hardly move in their few steps. Its
 * numbers are ours: the unsupervised losses join in when half of the run is over. Given labels teach both views: on MNIST that was
 * better in both ways to share the digits (docs/studies.md).
 *
 * `released-code`: the authors' repository (MrGiovanni/LabelAssemble, commit 13d2549), which is not the paper's text: all three
 * losses on the labelled entries, hence over one divisor, their number; no warm-up; the pseudo-label not stopped; a linear
 * head; the rate halved every 3 epochs. It stores an absent label as 0, and selects what teaches by a list of classes and one
 * of sources; with the lists it comes with, no absent label is selected, hence `absent: ignored`. Its older commits select
 * everything, so that absent labels are negatives there, and divide by the images: `absent: negative, normalise: batch` for those.
 *
 * The views of `paper` and `released-code` are those of the released code (`paper-weak` and `paper-strong`), which are the usual ones; it had batches
 * of 16 images of 256 x 256 pixels, and a DenseNet-121.
 */
export const recipes = {
  paper: { ...defaultRecipe, epochs: 64, warmupEpochs: 3, learningRate: 2e-4 },
  small: {
    ...defaultRecipe,
    epochs: 40,
    warmupEpochs: 20,
    schedule: { by: "constant" },
    earlyStopping: null,
    keep: "final",
    supervised: "both",
  },
  "released-code": {
    ...defaultRecipe,
    epochs: 64,
    warmupEpochs: 0,
    learningRate: 2e-4,
    schedule: { by: "halving", every: 3 },
    stopGradient: false,
    unsupervisedOn: "labelled",
    head: { kind: "linear" },
    earlyStopping: null,
  },
} as const satisfies Readonly<Record<string, Recipe>>;

export type RecipeName = keyof typeof recipes;
export const recipeNames = Object.keys(recipes) as RecipeName[];
