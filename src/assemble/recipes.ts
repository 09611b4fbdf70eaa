// Recipes of training by name, and what may stand in a manifest's `train` section: a recipe, and changes of it.
import { z } from "zod";
import { headBiases, headKinds } from "./heads/head.ts";
import type { HeadChoice } from "./heads/head.ts";
import { normaliseChoices, unsupervisedChoices } from "../operators/losses/index.ts";
import type { AssembleLossAttributes } from "../operators/losses/index.ts";
import type { ScheduleSettings } from "../optim/schedule-table.ts";
import { oneOf, record, share, wholeNumber, wrongWord } from "../data/manifest/fields.ts";
import { samplings } from "../data/assembly/sampler.ts";
import { absentPolicies, type AbsentPolicy } from "./absent-policy.ts";

/** How a classifier is trained, images, network and views aside. */
export interface Recipe extends Pick<
  AssembleLossAttributes,
  "temperature" | "stopGradient" | "unsupervisedOn" | "normalise"
> {
  /** How often each image is seen. */
  readonly epochs: number;
  /** Where given: for so many steps instead. */
  readonly steps?: number;
  /** First epochs in which only given labels teach. */
  readonly warmupEpochs: number;
  /** Where given: first steps of that kind instead. */
  readonly warmupSteps?: number;
  /** What becomes of absent labels of training images. */
  readonly absent: AbsentPolicy;
  /** Adam's step size. */
  readonly learningRate: number;
  readonly schedule: ScheduleSettings;
  readonly lambdaPseudo: number;
  readonly lambdaConsistency: number;
  /** Threshold of the sharpening. */
  readonly tau: number;
  readonly head: HeadChoice;
  /** Epochs without a better validation after which training ends; null: never. */
  readonly earlyStopping: number | null;
  /** Weights that a run ends with. */
  readonly keep: (typeof keepChoices)[number];
  /** Decay of a moving average of the weights; null: none. */
  readonly ema: number | null;
  /** Views that given labels teach. */
  readonly supervised: (typeof supervisedChoices)[number];
  /** Whether each view has batch statistics of its own. */
  readonly bnViews: (typeof bnViewsChoices)[number];
}

const keepChoices = ["best", "final"] as const;
const supervisedChoices = ["weak", "both"] as const;
const bnViewsChoices = ["separate", "joint"] as const;

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
 * numbers are ours: the unsupervised losses join in when half of the run is over.
 *
 * `released-code`: the authors' repository (MrGiovanni/LabelAssemble, commit 13d2549), which is not the paper's text: all three
 * losses on the labelled entries, hence over one divisor, their number; no warm-up; the pseudo-label not stopped; a linear
 * head; the rate halved every 3 epochs. It stores an absent label as 0, and selects what teaches by a list of classes and one
 * of sources; with the lists it comes with, no absent label is selected, hence `absent: ignored`. Its older commits select
 * everything, so that absent labels are negatives there, and divide by the images: `absent: negative, normalise: batch` for those.
 *
 * The views of both are those of the released code (`paper-weak` and `paper-strong`), which are the usual ones; it had batches
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
  const { batch, sampling } = section;
  return { batch, sampling, ...recipes[name] };
}

const scheduleWords = ["plateau", "halving", "constant"] as const;

/** How the step size falls: a word, or a word and its number, `{ by: halving, every: 10 }`. */
const schedule = z.preprocess(
  (given) => (typeof given === "string" ? { by: given } : given),
  z.discriminatedUnion(
    "by",
    [
      /**
       * Halved when the mean AUC of the validation images has not risen for more than `patience` epochs; without such images,
       * when the mean loss of the given labels has not fallen.
       */
      record({ by: z.literal("plateau"), patience: z.int().min(0).default(5) }),
      /** Halved every so many epochs. */
      record({ by: z.literal("halving"), every: wholeNumber.default(3) }),
      record({ by: z.literal("constant") }),
    ],
    { error: ({ input }) => wrongWord(input, "by", scheduleWords) },
  ),
);

const headsOwnBiases = {
  linear: "a linear head always has a bias per class",
  "per-source": "linear heads always have a bias per class",
  dynamic: "a dynamic head has biases of its own",
} as const;

/** The `train` section of a manifest. What it leaves out is the preset's; without a preset, `usual`'s. */
export const train = record({
  preset: oneOf(recipeNames).optional(),
  /** Images of one step, over all sources. */
  batch: wholeNumber.default(64),
  /**
   * How images are drawn: "proportional" visits each image of an epoch once; "per-source" draws each source equally
   * often; "balanced" draws images of rare classes more often.
   */
  sampling: oneOf(samplings).default("proportional"),
  /** How often each image is seen; `--epochs` overrides it. */
  epochs: wholeNumber.exactOptional(),
  /** Or how many steps are taken, which is the same work whatever the number of images; `--steps` overrides it. */
  steps: wholeNumber.exactOptional(),
  /** In so many first epochs only given labels teach: pseudo-labels of an untrained network are noise. */
  warmupEpochs: z.int().min(0).exactOptional(),
  /** Or in so many first steps. */
  warmupSteps: z.int().min(0).exactOptional(),
  /**
   * Whether an absent label is left to the unsupervised losses, or taken for negative: the mistake that is made by whoever
   * joins tables and fills their gaps with zeros, to measure what it costs.
   */
  absent: oneOf(absentPolicies).exactOptional(),
  /** Adam's step size, to begin with. */
  learningRate: z.number().positive().exactOptional(),
  schedule: schedule.exactOptional(),
  /** Weight of the loss that pulls predictions to their sharpened selves. */
  lambdaPseudo: z.number().min(0).exactOptional(),
  /** Weight of the loss that pulls the strongly augmented view to the weakly augmented one. */
  lambdaConsistency: z.number().min(0).exactOptional(),
  /** Which predictions these two losses pull: of absent labels, as in the paper, of all, or of labelled entries. */
  unsupervisedOn: oneOf(unsupervisedChoices).exactOptional(),
  /** Which views given labels teach: the weak one, as in the paper, or both, by the mean of their losses, in warm-up, too. */
  supervised: oneOf(supervisedChoices).exactOptional(),
  /**
   * Batch norm's statistics: "separate" for each view, and running ones of the weak view, or "joint" ones of both views as
   * one batch. Where the weak view alone is computed, as in warm-up unless both are supervised, the two are the same.
   */
  bnViews: oneOf(bnViewsChoices).exactOptional(),
  /** What a loss is divided by: the number of entries, (image, class) pairs, that it is taken over, or of images. */
  normalise: oneOf(normaliseChoices).exactOptional(),
  /** A probability over tau is sharpened towards 1, another towards 0. */
  tau: share.exactOptional(),
  /** How softly: 1 gives hard labels, a large number leaves probabilities as they are. */
  temperature: z.number().min(1).exactOptional(),
  /** Whether the pseudo-label itself carries no gradient. */
  stopGradient: z.boolean().exactOptional(),
  /**
   * What makes logits of features: class queries, as in the paper; a linear layer with a bias per class; "per-source", such
   * a layer for each source (Med3D); or "dynamic", a network of three small layers made for each image and class (DoDNet).
   */
  head: oneOf(headKinds).exactOptional(),
  /** Ends training after so many epochs without a better mean AUC of the validation images, if there are any; null: never. */
  earlyStopping: wholeNumber.nullable().exactOptional(),
  /** Weights that a run ends with: of the epoch with the best such AUC, where there are such images, or of the last. */
  keep: oneOf(keepChoices).exactOptional(),
  /** Takes a moving average of the weights instead of them: its decay, such as 0.999, reaches back 1 / (1 - decay) steps. */
  ema: z.number().min(0).lt(1).nullable().exactOptional(),
  /** When test images are looked at: in the end only, or after each epoch, too, to watch; nothing is decided by them. */
  evaluate: oneOf(["epoch", "end"]).exactOptional(),
  /** Where a head of class queries has a bias: nowhere, in the fc that makes class parameters of them, or one per class. */
  headBias: oneOf(headBiases).exactOptional(),
}).transform(({ preset, head, headBias, ...changes }, context) => {
  const recipe: Recipe = preset === undefined ? defaults : recipes[preset];
  for (const [steps, epochs] of [
    ["steps", "epochs"],
    ["warmupSteps", "warmupEpochs"],
  ] as const) {
    if (changes[steps] === undefined || changes[epochs] === undefined) continue;
    const message = `says in steps what ${epochs} says in epochs; leave one of them out`;
    context.issues.push({ code: "custom", message, input: changes[steps], path: [steps] });
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
  return { ...recipe, ...changes, head: made };
});

/** As it is read: nothing is left out. */
export type TrainSection = z.output<typeof train>;
