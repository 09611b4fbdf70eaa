// A trained model with classes more than it was trained for: what it knows stays as it was, to the bit where the order of its
// classes does.

import { ancestorsOf, noParent, type Parents } from "../labels/class-tree.ts";
import type { Engine } from "../runtime/engine.ts";
import { firstDifference } from "../training/canonical.ts";
import { ModelError } from "../errors/training-errors.ts";
import type { HeadSettings } from "../assemble/heads/head.ts";
import { queryRows } from "../assemble/heads/linear-form.ts";
import type { LabelSpace } from "../assemble/label-space.ts";
import type { ModelFile } from "./model-file.ts";
import type { ModelRecord } from "./model-record.ts";
import { taskOf } from "../assemble/tasks.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import { nearMatch, placeOf, visible } from "../labels/wording.ts";
import { readWeights } from "../nn/weights.ts";
import { type HeldTensor, type Weights } from "../tensor/held.ts";

/** How many of a head's leading axes go over the classes, by the names of its tensors. */
const classAxes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  queries: { queries: 2, "fc.weight": 1, "fc.bias": 0, bias: 1 },
  linear: { weight: 1, bias: 1 },
};

/** What the grown model is asked to be. */
export interface GrownModel {
  readonly classes: readonly string[];
  /** The class above each class, and -1 for none; left out where no class is above another. */
  readonly parents?: Parents | undefined;
  readonly image: ModelRecord["image"];
  readonly settings: TrainingSettings;
}

/**
 * Whether a model can grow into another.
 * @throws ModelError saying what stands against it
 */
export function checkGrowth(
  { file, record }: ModelFile,
  { classes, parents, image, settings }: GrownModel,
): void {
  const refuse = (reason: string): never => {
    throw new ModelError(file, reason);
  };
  const [task, asksFor] = [record.task, settings.task].map((each) => each ?? "classification");
  if (task !== asksFor) refuse(`is of task: ${task}, and the manifest's is ${asksFor}; train a new model`);
  if (record.background === true || settings.loss === "softmax-marginal") {
    refuse("only models of Label-Assemble's losses grow, and not of softmax-marginal; train a new model");
  }
  if (!Object.hasOwn(classAxes, record.head.kind)) {
    refuse(`its head is ${record.head.kind}, and only queries and linear heads grow; train a new model`);
  }
  const place = placeOf(classes);
  const lost = record.classes.find((name) => place(name) < 0);
  if (lost !== undefined) {
    const near = nearMatch(lost, classes);
    const hint =
      near === undefined ? "add it to" : `which names ${visible(near)}: call it as the model does in`;
    refuse(
      `knows the class ${visible(lost)}, which the manifest does not name; ${hint} the manifest's classes`,
    );
  }
  if (classes.length === record.classes.length) {
    refuse("the manifest names no class that the model does not know; add one, or train without add-class");
  }
  for (const [k, name] of record.classes.entries()) {
    const above = record.classes[record.parents?.[k] ?? noParent] as string | undefined;
    const now = parents === undefined ? [] : ancestorsOf(parents, classes.indexOf(name));
    if (above === undefined || now.includes(classes.indexOf(above))) continue;
    refuse(`has "${name}" below "${above}", and the manifest has not; write its classes as a tree that does`);
  }
  const { network, head, normalisation } = settings;
  const asked = { network, head, normalisation, image };
  for (const part of ["network", "head", "image", "normalisation"] as const) {
    const [is, was]: Readonly<Record<string, unknown>>[] = [{ ...asked[part] }, { ...record[part] }];
    const other = firstDifference(is, was);
    if (other !== undefined) {
      const [now, before] = other.texts.map((text) => text ?? "not said");
      refuse(
        `its ${part} has ${other.name} ${before}, and the manifest's has ${now}; take over image, model, head and headBias from ` +
          "the manifest that it was trained with",
      );
    }
  }
}

/**
 * Weights of a model for more classes that gives the old ones their logits as before: what a new class has of its own
 * is as it is at the start of a training, and a query of an old class has nothing of a new one.
 *
 * @param model for which `checkGrowth` finds nothing to refuse
 */
export async function grownWeights(
  engine: Engine,
  { record, weights }: ModelFile,
  { classes, settings }: Pick<GrownModel, "classes" | "settings">,
  labels: LabelSpace,
): Promise<Weights> {
  const fresh = taskOf(settings).modelOf(engine, settings, labels);
  try {
    const places = record.classes.map(placeOf(classes));
    const begun = await readWeights(fresh);
    return new Map(
      [...begun].map(([name, held]) => {
        const old = weights.get(name);
        if (old === undefined) throw new Error(`the model has no tensor "${name}"`);
        const [room, ...rest] = name.split(".");
        const axes = room === "head" ? classAxes[record.head.kind][rest.join(".")] : 0;
        return [name, axes === 0 ? old : placed(old, held, places, axes)];
      }),
    );
  } finally {
    fresh.dispose();
  }
}

/**
 * The head of a model for other classes: what it learned of those that it knows, and a fresh head's values for the others.
 *
 * @param begun all tensors of the fresh model
 * @param head of the fresh model
 * @param place of a class in the fresh model, -1 for none
 * @returns undefined where the head is of another kind, or of one whose tensors are not of single classes
 */
export function headWeights(
  { record, weights }: ModelFile,
  begun: Weights,
  head: HeadSettings,
  place: (name: string) => number,
): { readonly weights: Weights; readonly classes: readonly string[] } | undefined {
  const axesOf = Object.hasOwn(classAxes, record.head.kind) ? classAxes[record.head.kind] : undefined;
  const isSame = firstDifference({ ...head }, { ...record.head }) === undefined;
  // A softmax has the background for its last output, which is no class.
  if (axesOf === undefined || !isSame || record.background === true) return undefined;
  const places = record.classes.map(place);
  const classes = record.classes.filter((_, k) => places[k] >= 0);
  if (classes.length === 0) return { weights: new Map(), classes };
  // A query mixes the parameters of all classes, also of those that are no more: what comes of it stands for it then.
  const isMixed = record.head.kind === "queries" && classes.length < record.classes.length;
  const placedWeights = new Map<string, HeldTensor>();
  for (const [name, fresh] of begun) {
    const [room, ...rest] = name.split(".");
    const old = weights.get(name);
    if (room !== "head" || old === undefined || (isMixed && name === "head.queries")) continue;
    const from = isMixed && name === "head.fc.weight" ? queryRows(weights) : old;
    const axes = axesOf[rest.join(".")];
    placedWeights.set(name, axes === 0 ? from : placed(from, fresh, places, axes));
  }
  return { weights: placedWeights, classes };
}

/** A tensor with the old one's values where its classes are now, and the fresh one's elsewhere. */
function placed(old: HeldTensor, fresh: HeldTensor, places: readonly number[], axes: number): HeldTensor {
  const data = fresh.data.slice();
  const count = places.length;
  const inner = old.data.length / count ** axes;
  const width = fresh.shape[0];
  for (let row = 0; row < count ** axes; row++) {
    const own = axes === 1 ? [places[row]] : [places[Math.floor(row / count)], places[row % count]];
    if (own.some((place) => place < 0)) continue;
    const at = own.reduce((sum, place) => sum * width + place, 0);
    data.set(old.data.subarray(row * inner, (row + 1) * inner), at * inner);
  }
  return { shape: fresh.shape, data };
}
