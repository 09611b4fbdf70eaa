// What the weights of a run begin with, where they do not begin with what the seed draws: a model that learns more classes, or weights
// of another training that are put in as far as they fit.

import { taskOf } from "../assemble/tasks.ts";
import type { LabelSpace } from "../assemble/label-space.ts";
import { fitWeights } from "../interchange/fit-weights.ts";
import { isOfHead, madeFor, plainName } from "../interchange/tensor-names.ts";
import { placeOf } from "../labels/wording.ts";
import { ModelError } from "../errors/training-errors.ts";
import { readWeights } from "../nn/weights.ts";
import { Engine } from "../runtime/engine.ts";
import { PlanningBackend } from "../runtime/planning-backend.ts";
import { ReferenceBackend } from "../runtime/reference-backend.ts";
import { nonFiniteIn, type Weights } from "../tensor/held.ts";
import { checkGrowth, grownWeights, headWeights, type GrownModel } from "./grow.ts";
import type { ModelFile } from "./model-file.ts";
import type { ModelRecord } from "./model-record.ts";

/** The weights of a run's first step, and what a person should know of them. */
export interface BegunWeights {
  readonly weights: Weights;
  /** Lines for the terminal: what was taken, and what not. */
  readonly told: readonly string[];
  readonly warnings: readonly string[];
}

export interface Beginning {
  /** Absolute. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Classes that it keeps, which the run needs no labels of. */
  readonly classes: readonly string[];
  /** How the images of its former training were read, whose classes it keeps. */
  readonly readings?: ModelRecord["readings"];
  readonly volumes?: ModelRecord["volumes"];
  /** What they looked like. */
  readonly examples?: ModelRecord["examples"];
  /** Needs no device, and is asked before any image is read. @throws ModelError saying what stands against it */
  check(asked: GrownModel, labels: LabelSpace): void;
  /** @throws ModelError for weights that do not fit */
  weights(
    engine: Engine,
    asked: Pick<GrownModel, "classes" | "settings">,
    labels: LabelSpace,
  ): Promise<BegunWeights>;
}

/** A model that learns classes it does not know yet, and keeps those that it does. */
export const growing = (model: ModelFile): Beginning => ({
  ...{ file: model.file, sha256: model.sha256, classes: model.record.classes },
  ...{ readings: model.record.readings ?? [{}], volumes: model.record.volumes },
  examples: model.record.examples,
  check: (asked) => {
    expectFinite(model);
    checkGrowth(model, asked);
  },
  weights: async (engine, asked, labels) => ({
    weights: await grownWeights(engine, model, asked, labels),
    told: [],
    warnings: [],
  }),
});

/** Weights of another maker: tensors as PyTorch names and lays them out. */
export interface ForeignWeights {
  readonly file: string;
  readonly sha256: string;
  readonly weights: Weights;
  /** What was decided when it was read. */
  readonly notes: readonly string[];
}

/** Weights to begin with: those of a model of one's own, or of another maker. All classes are learned. */
export const fitting = (given: ModelFile | ForeignWeights): Beginning => ({
  ...{ file: given.file, sha256: given.sha256, classes: [] },
  check: ({ settings }, labels) => {
    expectFinite(given);
    const asksFor = settings.task ?? "classification";
    const task = "record" in given ? (given.record.task ?? "classification") : asksFor;
    if (task !== asksFor) {
      throw new ModelError(
        given.file,
        `is of task: ${task}, and the manifest's is ${asksFor}; take weights of that task`,
      );
    }
    using engine = new Engine(new PlanningBackend(new ReferenceBackend().traits));
    fitted(given, taskOf(settings).modelOf(engine, settings, labels).state());
  },
  weights: async (engine, asked, labels) => {
    const fresh = taskOf(asked.settings).modelOf(engine, asked.settings, labels);
    try {
      const begun = await readWeights(fresh);
      const own = "record" in given ? given : undefined;
      const found = fitted(given, fresh.state());
      const head = own && headWeights(own, begun, fresh.head.settings, placeOf(asked.classes));
      return {
        weights: new Map([...begun, ...found.weights, ...(head?.weights ?? [])]),
        told: [
          takenLine(given.file, found),
          ...("notes" in given ? given.notes.map((note) => `weights: ${note}`) : []),
          headLine(found.leftOver, own, head?.classes, asked.classes),
          ...leftLines(found),
        ],
        warnings: normalisationWarnings(given, asked),
      };
    } finally {
      fresh.dispose();
    }
  },
});

/** @throws ModelError for weights that nothing can be learned from */
function expectFinite(given: ModelFile | ForeignWeights): void {
  const bad = nonFiniteIn(given.weights);
  if (bad !== undefined)
    throw new ModelError(
      given.file,
      `${bad}: its weights have diverged; begin with others, or train it again`,
    );
}

type Found = ReturnType<typeof fitWeights>;

/** @throws ModelError for weights that do not fit */
const fitted = (given: ModelFile | ForeignWeights, states: Parameters<typeof fitWeights>[0]): Found =>
  fitWeights(states, given.file, given.weights, { layout: "record" in given ? "own" : "torch" });

function takenLine(file: string, { taken, channels }: Found): string {
  const how =
    channels === undefined
      ? ""
      : `; the first convolution of ${channels.from} channels is ${channels.to === 1 ? "summed up" : "spread"} for images of ${channels.to}`;
  return `weights of ${file}: ${taken.length} tensors taken${how}`;
}

function headLine(
  leftOver: readonly string[],
  own: ModelFile | undefined,
  kept: readonly string[] | undefined,
  classes: readonly string[],
): string {
  if (kept !== undefined && kept.length > 0) {
    const begin = classes.filter((name) => !kept.includes(name));
    return `head: ${kept.join(", ")} as learned there${begin.length === 0 ? "" : `; ${begin.join(", ")} begin anew`}`;
  }
  const theirs = leftOver.filter((name) => isOfHead(plainName(name)));
  if (theirs.length === 0) return "head: begins anew";
  const why =
    own === undefined ? "is of other classes" : "has no class of the manifest, or is of another kind";
  return `head: begins anew; theirs ${why} and is left out (${theirs.join(", ")})`;
}

function leftLines({ leftOver }: Found): string[] {
  const others = leftOver
    .map(plainName)
    .filter((name) => !isOfHead(name) && !name.endsWith("num_batches_tracked"));
  return others.length === 0 ? [] : [`left out: ${others.join(", ")}, which nothing here has a use for`];
}

/** Warns where images are shown to the network in another way than the one its weights were made with. */
function normalisationWarnings(
  given: ModelFile | ForeignWeights,
  { settings }: Pick<GrownModel, "settings">,
): string[] {
  const { mean, deviation } = settings.normalisation;
  const before =
    "record" in given
      ? { ...given.record.normalisation, name: undefined }
      : madeFor(new Map([...given.weights].map(([name, { shape }]) => [name, shape])), mean.length);
  if (before === undefined) return [];
  const isNear = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) <= 0.02 * Math.abs(b[i]));
  if (isNear(mean, before.mean) && isNear(deviation, before.deviation)) return [];
  const say =
    before.name === undefined
      ? `image: { mean: [${before.mean.join(", ")}], deviation: [${before.deviation.join(", ")}] }`
      : `image: { normalise: ${before.name} }`;
  return [
    `warning: the weights were made with images of mean ${before.mean.join(", ")} and deviation ${before.deviation.join(", ")}, and the ` +
      `manifest says ${mean.join(", ")} and ${deviation.join(", ")}; say ${say}`,
  ];
}
