// The settings of the training loop, whatever the method: one schema, for manifests and for code.

import { z } from "zod";
import { oneOf, record, wholeNumber, wrongWord } from "../data/manifest/fields.ts";

const scheduleWords = ["plateau", "halving", "constant"] as const;

/** How the step size falls: a word, or a word and its number, `{ by: halving, every: 10 }`. */
const schedule = z.preprocess(
  (given) => (typeof given === "string" ? { by: given } : given),
  z.discriminatedUnion(
    "by",
    [
      /**
       * Halved when the validation's score has not risen for more than `patience` epochs; without validation, when the
       * task's watched loss has not fallen.
       */
      record({ by: z.literal("plateau"), patience: z.int().min(0).default(5) }),
      /** Halved every so many epochs. */
      record({ by: z.literal("halving"), every: wholeNumber.default(3) }),
      record({ by: z.literal("constant") }),
    ],
    { error: ({ input }) => wrongWord(input, "by", scheduleWords) },
  ),
);

/** What a manifest may say of the loop. All of it may be left out: defaults are a recipe's. */
export const loopFields = {
  /** How often each image is seen; `--epochs` overrides it. */
  epochs: wholeNumber.exactOptional(),
  /** Or how many steps are taken, which is the same work whatever the number of images; `--steps` overrides it. */
  steps: wholeNumber.exactOptional(),
  /** The optimiser's step size, to begin with. */
  learningRate: z.number().positive().exactOptional(),
  /** How it falls. */
  schedule: schedule.exactOptional(),
  /** Ends training after so many epochs without a better score of the validation, if there is any; null: never. */
  earlyStopping: wholeNumber.nullable().exactOptional(),
  /** Weights that a run ends with: of the epoch with the best such score, where there is validation, or of the last. */
  keep: oneOf(["best", "final"]).exactOptional(),
  /** Takes a moving average of the weights instead of them: its decay, such as 0.999, reaches back 1 / (1 - decay) steps. */
  ema: z.number().min(0).lt(1).nullable().exactOptional(),
  /**
   * When test images are looked at: in the end only, or after each epoch, too, to watch; nothing is decided by them. Default:
   * at the end where there is validation to watch a run by, else after every epoch.
   */
  evaluate: oneOf(["epoch", "end"]).exactOptional(),
} as const;

type LoopSection = { readonly [Name in keyof typeof loopFields]?: z.output<(typeof loopFields)[Name]> };

/** The fields of a section as code may give them: left out, or undefined. */
export type Loosely<Section> = { readonly [Name in keyof Section]?: Section[Name] | undefined };

/** The settings of a run, as code gives them; see `loopFields` for what each means. */
export interface LoopSettings extends Omit<Loosely<LoopSection>, "epochs" | "learningRate"> {
  readonly epochs: number;
  readonly learningRate: number;
  /**
   * How many steps count as an epoch, for schedules, evaluations and checkpoints; default: those in which each image is seen
   * once. Runs on fewer images may be given the clock of others.
   */
  readonly stepsPerEpoch?: number | undefined;
}

const loopNames: ReadonlySet<string> = new Set([...Object.keys(loopFields), "stepsPerEpoch"]);

/** The settings of the loop among those of a method: all of them may change a bit of a run. */
export function loopSettingsOf(settings: LoopSettings): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => loopNames.has(name)));
}
