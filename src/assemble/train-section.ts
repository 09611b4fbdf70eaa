// The `train` section of a manifest: a recipe by name, and changes of it.
import { z } from "zod";
import { oneOf, record, wholeNumber } from "../data/manifest/fields.ts";
import { samplings } from "../data/assembly/sampler.ts";
import { noLambdas } from "./assemble-terms.ts";
import type { HeadChoice } from "./heads/head.ts";
import type { Recipe } from "./recipe.ts";
import { defaultRecipe, recipeNames, recipes, type RecipeName } from "./recipes.ts";
import { recipeFields } from "./train-fields.ts";

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

/** The `train` section of a manifest. What it leaves out is the preset's; without a preset, `defaultRecipe`'. */
export const train = record(sectionFields).transform(({ preset, head, headBias, ...changes }, context) => {
  const recipe: Recipe = preset === undefined ? defaultRecipe : recipes[preset];
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
