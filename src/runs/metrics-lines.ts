// The lines of metrics.jsonl, made and read (metrics-file.ts reads the file): the losses of each step, and what each epoch came to. A line has the total as `loss`, the
// other terms by their names beside it, and that of an epoch the fields of the task's report, too.

import { z } from "zod";
import { UsageError } from "../errors/errors.ts";
import { RunFolderError } from "../errors/training-errors.ts";
import type { Losses } from "../training/loss-terms.ts";
import type { TrainingListener } from "../training/training-reports.ts";

const index = z.int();
const reportSchema = z.record(z.string(), z.unknown());
const lineSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("step"), epoch: index, step: index, loss: z.number() }).catchall(z.number()),
  z.looseObject({
    ...{ kind: z.literal("epoch"), epoch: index, learningRate: z.number(), loss: z.number() },
    validation: reportSchema.optional(),
  }),
]);

/** What a task reports of a judgement, by field. */
export type TaskReport = z.output<typeof reportSchema>;

export interface StepLine {
  /** From 1. */
  readonly epoch: number;
  /** Of the run, from 1. */
  readonly step: number;
  readonly losses: Losses;
}

export interface EpochLine {
  /** From 1. */
  readonly epoch: number;
  readonly learningRate: number;
  /** Means over the epoch's steps, of the same terms. */
  readonly losses: Losses;
  /** On the test images; undefined after an epoch that was not tested. */
  readonly report?: TaskReport | undefined;
  /** Undefined without validation. */
  readonly validation?: TaskReport | undefined;
}

export interface RunMetrics {
  /** All have the same terms. */
  readonly steps: readonly StepLine[];
  readonly epochs: readonly EpochLine[];
}

/**
 * Makes a line of each step and epoch. Numbers are written as they are, so that equal runs write equal files. The listener
 * throws UsageError for a task whose terms or report have a name that the line needs for something else.
 *
 * @param write takes a whole line
 */
export function metricsLines(write: (line: string) => void): TrainingListener {
  return {
    step: ({ epoch, step, losses }) => {
      write(lineOf({ kind: "step", epoch, step }, ...fieldsOf(losses)));
    },
    epoch: ({ epoch, learningRate, losses, evaluation, validation }) => {
      const judged = validation === undefined ? {} : { validation };
      if (evaluation !== undefined) checkMetricsNames(Object.keys(evaluation), "field of the report");
      write(lineOf({ kind: "epoch", epoch, learningRate }, ...fieldsOf(losses), evaluation ?? {}, judged));
    },
  };
}

const fieldsOf = ({ total, ...terms }: Losses): object[] => [{ loss: total }, terms];

const reserved: readonly string[] = ["kind", "epoch", "step", "loss", "learningRate", "validation"];

/** @throws UsageError when a term or a field of a report has a name that a line needs for something else */
export function checkMetricsNames(names: readonly string[], what: string): void {
  const taken = names.find((name) => reserved.includes(name));
  if (taken === undefined) return;
  throw new UsageError(
    `task: a ${what} cannot be called "${taken}", which a line of metrics.jsonl has already; call it something else`,
  );
}

function lineOf(...parts: readonly object[]): string {
  const names = parts.flatMap((part) => Object.keys(part));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new UsageError(
      `task: a line of metrics.jsonl would have "${twice}" twice; call the loss term or the report's field something else`,
    );
  }
  return `${JSON.stringify(Object.assign({}, ...parts))}\n`;
}

/**
 * The lines of a text of metrics.
 * @param file its name, for messages
 * @returns of a run that was killed, all but a line that breaks off
 * @throws RunFolderError naming the line that is none
 */
export function parseMetrics(file: string, text: string): RunMetrics {
  const steps: StepLine[] = [];
  const epochs: EpochLine[] = [];
  text
    .split("\n")
    .slice(0, -1)
    .forEach((line, i) => {
      try {
        const read = lineSchema.parse(JSON.parse(line));
        const terms = Object.keys(steps.at(0)?.losses ?? {});
        if (read.kind === "step") steps.push(stepOf(read, terms));
        else epochs.push(epochOf(read, terms));
      } catch (cause) {
        throw new RunFolderError(`${file}: line ${i + 1} is no line of metrics; take a copy of the file`, {
          cause,
        });
      }
    });
  return { steps, epochs };
}

type Line = z.output<typeof lineSchema>;

/** @param terms of the steps before; none before the first, whose fields they are */
function stepOf(
  { kind: _, epoch, step, loss, ...others }: Extract<Line, { kind: "step" }>,
  terms: readonly string[],
): StepLine {
  const losses = { total: loss, ...others };
  if (terms.length > 0) checkTerms(Object.keys(losses), terms);
  return { epoch, step, losses };
}

/** @param terms of the steps before: what else is a number is of the report */
function epochOf(
  { kind: _, epoch, learningRate, loss, validation, ...others }: Extract<Line, { kind: "epoch" }>,
  terms: readonly string[],
): EpochLine {
  const isTerm = ([name]: readonly [string, unknown]): boolean => terms.includes(name);
  const fields = Object.entries(others);
  const losses = {
    total: loss,
    ...z.record(z.string(), z.number()).parse(Object.fromEntries(fields.filter(isTerm))),
  };
  if (terms.length > 0) checkTerms(Object.keys(losses), terms);
  const report = Object.fromEntries(fields.filter((field) => !isTerm(field)));
  return {
    epoch,
    learningRate,
    losses,
    report: Object.keys(report).length === 0 ? undefined : report,
    validation,
  };
}

function checkTerms(found: readonly string[], terms: readonly string[]): void {
  const same = found.length === terms.length && terms.every((term) => found.includes(term));
  if (!same) throw new Error(`has the losses ${found.join(", ")}, and the line before ${terms.join(", ")}`);
}
