// Recipes of training by name, and the `train` section of a manifest: a recipe, and changes of it.
import { z } from "zod";
import { oneOf, record, wholeNumber } from "../data/manifest/fields.ts";
import { samplings } from "../data/assembly/sampler.ts";
import { noLambdas } from "./assemble-terms.ts";
import type { HeadChoice } from "./heads/head.ts";
import { recipeFields, type Recipe } from "./train-fields.ts";

/** Where nothing is said: a run of minutes on a small network. */
const defaults: Recipe = {
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
  paper: { ...defaults, epochs: 64, warmupEpochs: 3, learningRate: 2e-4 },
  small: {
    ...defaults,
    epochs: 40,
    warmupEpochs: 20,
    schedule: { by: "constant" },
    earlyStopping: null,
    keep: "final",
    supervised: "both",
  },
  "released-code": {
    ...defaults,
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

/** A `train` section as it would be with a preset and nothing else, but for what is of the data: batches and sampling. */
export function withPreset(section: TrainSection, name: RecipeName): TrainSection {
  const { batch, sampling, init } = section;
  return { batch, sampling, init, ...recipes[name] };
}

const headsOwnBiases = {
  linear: "a linear head always has a bias per class",
  "per-source": "linear heads always have a bias per class",
  dynamic: "a dynamic head has biases of its own",
} as const;

const sectionFields = {
  preset: oneOf(recipeNames).optional(),
  /** Images of one step, over all sources. */
  batch: wholeNumber.default(64),
  /**
   * How images are drawn: "proportional" visits each image of an epoch once; "per-source" draws each source equally
   * often; "balanced" draws images of rare classes more often.
   */
  sampling: oneOf(samplings).default("proportional"),
  /**
   * Weights to begin with: a file of another maker (.safetensors, .pth), a run folder or its model, below the data root. What fits is
   * taken; a head of other classes is left out. No part of a recipe: it is where a training begins, not how it goes on. null: none, for
   * an arm of a study beside others that begin with weights.
   */
  init: z
    .string()
    .min(1)
    .nullable()
    .transform((file) => file ?? undefined)
    .optional(),
  ...recipeFields,
} as const;

/** Whether null is no value of a field that the section has. */
export const isNotNull = (field: string): boolean =>
  Object.hasOwn(sectionFields, field) &&
  !sectionFields[field as keyof typeof sectionFields].safeParse(null).success;

/** The `train` section of a manifest. What it leaves out is the preset's; without a preset, `defaults`'. */
export const train = record(sectionFields).transform(({ preset, head, headBias, ...changes }, context) => {
  const recipe: Recipe = preset === undefined ? defaults : recipes[preset];
  for (const [steps, epochs] of [
    ["steps", "epochs"],
    ["warmupSteps", "warmupEpochs"],
  ] as const) {
    if (changes[steps] === undefined || changes[epochs] === undefined) continue;
    const message = `says in steps what ${epochs} says in epochs; leave one of them out`;
    context.issues.push({ code: "custom", message, input: changes[steps], path: [steps] });
  }
  if (changes.loss === "softmax-marginal") {
    for (const field of ["lambdaPseudo", "lambdaConsistency", "lambdaDice", "classWeights"] as const) {
      const input = changes[field];
      if (input === undefined || input === 0) continue;
      const why = `is of the losses of Label-Assemble, and loss: softmax-marginal has none of them; leave it out`;
      context.issues.push({ code: "custom", message: why, input, path: [field] });
    }
  }
  const kind = head ?? recipe.head.kind;
  if (kind !== "queries" && headBias !== undefined) {
    context.issues.push({
      code: "custom",
      message: `is for class queries; ${headsOwnBiases[kind]}. Add head: queries, or leave it out`,
      input: headBias,
      path: ["headBias"],
    });
  }
  const bias = headBias ?? (recipe.head.kind === "queries" ? recipe.head.bias : "fc");
  const made: HeadChoice = kind === "queries" ? { kind, bias } : { kind };
  // A softmax has the weak view alone, whatever the recipe says; who asks for both views of it is refused.
  const { supervised = "weak" } = changes;
  const weakAlone = changes.loss === "softmax-marginal" ? { ...noLambdas, supervised } : {};
  return { ...recipe, ...changes, ...weakAlone, head: made, ...(headBias === undefined ? {} : { headBias }) };
});

/** As it is read: nothing is left out. */
export type TrainSection = z.output<typeof train>;
