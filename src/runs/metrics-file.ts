// metrics.jsonl, read back: the losses of each step, and what each epoch came to.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { RunFolderError } from "../errors/training-errors.ts";

const losses = { loss: z.number(), bce: z.number(), pseudo: z.number(), consistency: z.number() };
const auc = z.number().nullable();
const evaluation = { meanAuc: auc, auc: z.record(z.string(), auc) };
const lineSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("step"), epoch: z.int(), step: z.int(), ...losses }),
  z.object({
    ...{ kind: z.literal("epoch"), epoch: z.int(), learningRate: z.number(), ...losses },
    meanAuc: auc.optional(),
    validation: z.object(evaluation).optional(),
  }),
]);
type Line = z.output<typeof lineSchema>;

export type StepLine = Extract<Line, { kind: "step" }>;
export type EpochLine = Extract<Line, { kind: "epoch" }>;

export interface RunMetrics {
  readonly steps: readonly StepLine[];
  readonly epochs: readonly EpochLine[];
}

/**
 * @returns what there is: nothing where there is no such file; of a run that was killed, all but a line that breaks off
 * @throws RunFolderError naming the line that is none
 */
export function readMetrics(file: string): RunMetrics {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { steps: [], epochs: [] };
    throw new RunFolderError(`${file}: cannot be read (${(cause as Error).message})`, { cause });
  }
  const lines = text.split("\n").slice(0, -1);
  const parsed = lines.map((line, i): Line => {
    try {
      return lineSchema.parse(JSON.parse(line));
    } catch (cause) {
      throw new RunFolderError(`${file}: line ${i + 1} is no line of metrics; take a copy of the file`, {
        cause,
      });
    }
  });
  return {
    steps: parsed.filter((line) => line.kind === "step"),
    epochs: parsed.filter((line) => line.kind === "epoch"),
  };
}
