// What a manifest may say of the training loop: the schema of its settings.

import { z } from "zod";
import { oneOf, record, wholeNumber, wrongWord } from "../data/manifest/fields.ts";
import {
  decayedChoices,
  optimiserNames,
  optimisers,
  type OptimiserChoice,
} from "../optim/optimiser-table.ts";
import type { Precision } from "../nn/densenet.ts";
import type { NumberOption, OptionTable, SwitchOption } from "../optim/option-table.ts";
import { defaultLossScale, type PrecisionChoice } from "./precision.ts";
import {
  scheduleNames,
  schedules,
  sharedScheduleOptions,
  type ScheduleSettings,
} from "../optim/schedule-table.ts";

/** Defaults that are written into settings, so that checkpoints of earlier builds still compare equal. */
const writtenDefaults: readonly string[] = ["plateau.patience", "halving.every"];

/** The schema of a choice from a table: a name, or `{ by: name, ...options }`. */
function choiceOf<Choice>(
  names: readonly string[],
  optionsOf: (name: string) => OptionTable,
): z.ZodType<Choice> {
  const rows = names.map((name) => {
    const options = Object.entries(optionsOf(name)).map(([option, is]) => [
      option,
      optionField(is, writtenDefaults.includes(`${name}.${option}`)),
    ]);
    return record({ by: z.literal(name), ...(Object.fromEntries(options) as z.ZodRawShape) });
  });
  const [first, ...others] = rows;
  return z.preprocess(
    (given) => (typeof given === "string" ? { by: given } : given),
    z.discriminatedUnion("by", [first, ...others], {
      error: ({ input }) => wrongWord(input, "by", names),
    }),
    // TypeScript cannot infer the union from rows that are built at run time.
  ) as unknown as z.ZodType<Choice>;
}

function optionField(option: NumberOption | SwitchOption, isWritten: boolean): z.ZodType {
  if (typeof option.default === "boolean") return z.boolean().exactOptional();
  const { from, above, below, whole = false, default: otherwise, optional } = option;
  let field: z.ZodNumber = whole ? z.int() : z.number();
  if (from !== undefined) field = field.min(from);
  if (above !== undefined) field = field.gt(above);
  if (below !== undefined) field = field.lt(below);
  if (isWritten && otherwise !== undefined) return field.default(otherwise);
  return otherwise === undefined && optional === undefined ? field : field.exactOptional();
}

const precisions = ["full", "mixed"] as const satisfies readonly Precision[];

/** In manifests: `full`, `mixed`, or `{ by: mixed, lossScale: 1024 }`. */
const precisionField: z.ZodType<PrecisionChoice> = z.preprocess(
  (given) => (given === "mixed" ? { by: given } : given),
  z.union(
    [
      z.literal("full"),
      record({ by: z.literal("mixed"), lossScale: z.number().positive().default(defaultLossScale) }),
    ],
    { error: () => `must be ${precisions.join(" or ")}, or { by: mixed, lossScale: ${defaultLossScale} }` },
  ),
);

/** What a manifest may say of the loop. All of it may be left out: defaults are a recipe's. */
export const loopFields = {
  /** How often each image is seen; `--epochs` overrides it. */
  epochs: wholeNumber.exactOptional(),
  /** Or how many steps are taken, which is the same work whatever the number of images; `--steps` overrides it. */
  steps: wholeNumber.exactOptional(),
  /** A row of the table of optimisers by its name, or name and options, `{ by: sgd, momentum: 0.9 }`; default adam. */
  optimiser: choiceOf<OptimiserChoice>(
    optimiserNames,
    (name) => optimisers[name as keyof typeof optimisers].options,
  ).exactOptional(),
  /** The optimiser's step size, to begin with. */
  learningRate: z.number().positive().exactOptional(),
  /** Adam and SGD add so much of a weight to its gradient; AdamW takes it off the weight itself. Default: none; AdamW's is .01. */
  weightDecay: z.number().min(0).exactOptional(),
  /** Which weights decay: "all", or "weights", without biases and the scales of norms; default "all". */
  decayed: oneOf(decayedChoices).exactOptional(),
  /** If the norm of all gradients, as one vector, exceeds this, they are scaled down to it; default: no limit. */
  clipNorm: z.number().positive().exactOptional(),
  /**
   * Parts of the model that keep their weights, by prefixes of its tensors' names: `[features.denseblock1, features.norm0]`. Their
   * batch norm keeps its running statistics, and computes with them.
   */
  freeze: z
    .preprocess((given) => (typeof given === "string" ? [given] : given), z.array(z.string().min(1)))
    .exactOptional(),
  /** Parts that are frozen before an epoch, and trained from it on, counted from 1; of two names the longer one counts. */
  unfreeze: z.record(z.string(), wholeNumber).exactOptional(),
  /** Multiples of the learning rate, by part: `{ features: 0.1 }`. Others have 1; of two names the longer one counts. */
  rates: z.record(z.string(), z.number().positive()).exactOptional(),
  /**
   * How the step size changes: a word, or a word and its options, `{ by: halving, every: 10 }`. `plateau` watches the
   * validation score; without validation, the loss of the task's `watchedTerm`.
   */
  schedule: choiceOf<ScheduleSettings>(scheduleNames, (name) => ({
    ...schedules[name as keyof typeof schedules].options,
    ...sharedScheduleOptions,
  })).exactOptional(),
  /** Ends training after so many epochs without a better score of the validation, if there is any; null: never. */
  earlyStopping: wholeNumber.nullable().exactOptional(),
  /** Weights that a run ends with: of the epoch with the best validation score, where there is validation, or of the last. */
  keep: oneOf(["best", "final"]).exactOptional(),
  /** Takes a moving average of the weights instead of them: its decay, such as 0.999, reaches back 1 / (1 - decay) steps. */
  ema: z.number().min(0).lt(1).nullable().exactOptional(),
  /**
   * How maps lie in memory while a DenseNet is trained: `full`, as f32, or `mixed`, those of dense blocks and their gradients as f16, for
   * adapters with `shader-f16`. `{ by: mixed, lossScale: 1024 }` says what the loss is multiplied by while gradients are found.
   */
  precision: precisionField.exactOptional(),
  /**
   * When test images are looked at: in the end only, or after each epoch, too, to watch; nothing is decided by them. Default:
   * at the end where there is validation to watch a run by, else after every epoch.
   */
  evaluate: oneOf(["epoch", "end"]).exactOptional(),
  /**
   * Whether a batch whose loss or gradient is no finite number is left out, and counted; default: it ends the run. The run goes back to its
   * last checkpoint, and takes the steps from there without that one.
   */
  skipNonFinite: z.boolean().exactOptional(),
} as const;
