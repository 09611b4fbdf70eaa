// Cells of the tables of predictions.

import { probabilitiesOf } from "../assemble/model-metrics.ts";

/** The columns that each row begins with. */
export const identity = ["source", "part", "image", "patient"] as const;

/** With all digits: the table then ranks images as the logits do, except for the ties that `probabilitiesOf` names. */
export const showProbabilities = (logits: Float32Array): string[] =>
  Array.from(probabilitiesOf(logits), String);
/** Nine digits distinguish any two f32, so the table has no ties that the logits do not have. */
export const showLogits = (logits: Float32Array): string[] =>
  Array.from(logits, (logit) => String(Number(logit.toPrecision(9))));
