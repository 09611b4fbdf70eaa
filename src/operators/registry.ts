// Every operator, one record each. The gradient table and the tests' sample table are total maps over this one:
// a missing rule or sample does not compile.

import type { Operator } from "./operator.ts";
import { attentionOperators } from "./attention/index.ts";
import { convolutionOperators } from "./convolution/index.ts";
import { denseOperators } from "./dense/index.ts";
import { elementwiseOperators } from "./elementwise/index.ts";
import { imageOperators } from "./images/index.ts";
import { indexOperators } from "./indices/index.ts";
import { lossOperators } from "./losses/index.ts";
import { matmulOperators } from "./matmul/index.ts";
import { movementOperators } from "./movement/index.ts";
import { normalisationOperators } from "./normalisation/index.ts";
import { optimiserOperators } from "./optimisers/index.ts";
import { poolingOperators } from "./pooling/index.ts";
import { randomOperators } from "./random/index.ts";
import { reductionOperators } from "./reduction/index.ts";
import { softmaxOperators } from "./softmax/index.ts";
import { resizingOperators } from "./resizing/index.ts";

export const operators = {
  ...elementwiseOperators,
  ...reductionOperators,
  ...movementOperators,
  ...indexOperators,
  ...matmulOperators,
  ...convolutionOperators,
  ...poolingOperators,
  ...resizingOperators,
  ...normalisationOperators,
  ...denseOperators,
  ...softmaxOperators,
  ...attentionOperators,
  ...lossOperators,
  ...randomOperators,
  ...imageOperators,
  ...optimiserOperators,
} as const;

export type OperatorName = keyof typeof operators;

/** Names that an operator of the user's may not have. */
export const builtInNames: ReadonlySet<string> = new Set(Object.keys(operators));

/** Whether a record is one of the table, and not one of the user's. */
export function isBuiltIn(operator: Operator<never>): boolean {
  const name = (operator as Partial<typeof operator> | null | undefined)?.name;
  return typeof name === "string" && (operators as Readonly<Record<string, unknown>>)[name] === operator;
}

/** The attributes of an operator, by its name. */
export type AttributesOf<Name extends OperatorName> =
  (typeof operators)[Name] extends Operator<infer Attributes> ? Attributes : never;
