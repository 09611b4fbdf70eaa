// What a recipe decides, as code has it; train-fields.ts has what a manifest may say of it.

import type { z } from "zod";
import type { LambdaName, NeededLambda } from "./assemble-terms.ts";
import type { HeadChoice } from "./heads/head.ts";
import type { recipeFields } from "./train-fields.ts";

type Said = { readonly [Name in keyof typeof recipeFields]: z.output<(typeof recipeFields)[Name]> };

/** What a `train` section may say for segmentation alone. */
export const pixelFields = [
  "lambdaDice",
  "classWeights",
  "infer",
  "loss",
] as const satisfies readonly (keyof Said)[];

/** What a `train` section may say of labels of whole images alone. */
export const imageFields = [
  "positiveWeight",
  "focus",
  "labelSmoothing",
  "mixup",
  "lambdaAucMargin",
] as const satisfies readonly (keyof Said)[];

type LeftOut =
  | "steps"
  | "warmupSteps"
  | "evaluate"
  | "optimiser"
  | "weightDecay"
  | "decayed"
  | "clipNorm"
  | "reestimate"
  | (typeof pixelFields)[number]
  | "precision"
  | "skipNonFinite"
  | "freeze"
  | "unfreeze"
  | "rates"
  | (typeof imageFields)[number];

/** How a classifier is trained, but for images, network, views, batches and sampling. What it leaves out has a default of its own. */
export type Recipe = Omit<Said, LeftOut | LambdaName | "head" | "headBias"> &
  Partial<Pick<Said, LeftOut | LambdaName>> &
  Pick<Said, NeededLambda> & { readonly head: HeadChoice };
