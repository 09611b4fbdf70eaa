// metrics.jsonl: what is written is read again, whatever terms and reports a task has.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { RunFolderError } from "../../src/errors/training-errors.ts";
import { readMetrics } from "../../src/runs/metrics-file.ts";
import { metricsLines } from "../../src/runs/metrics-lines.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";

let file: string;
beforeEach(() => {
  file = join(temporaryFolder(), "metrics.jsonl");
});

const losses = { total: 4, bce: 1, pseudo: 2, consistency: 3 };

/** The text that a listener writes. */
function written(tell: (listener: ReturnType<typeof metricsLines>) => void): string {
  const lines: string[] = [];
  tell(metricsLines((line) => lines.push(line)));
  return lines.join("");
}

/** As earlier builds wrote it: the report after the first epoch, validation alone after the second. */
const earlier =
  '{"kind":"step","epoch":1,"step":1,"loss":4,"bce":1,"pseudo":2,"consistency":3}\n' +
  '{"kind":"step","epoch":1,"step":2,"loss":4.5,"bce":1.5,"pseudo":2,"consistency":3}\n' +
  '{"kind":"epoch","epoch":1,"learningRate":0.003,"loss":4.25,"bce":1.25,"pseudo":2,"consistency":3,' +
  '"auc":{"a":0.5,"b":null},"meanAuc":0.5,"validation":{"auc":{"a":0.75,"b":null},"meanAuc":0.75}}\n' +
  '{"kind":"epoch","epoch":2,"learningRate":0.0015,"loss":4,"bce":1,"pseudo":2,"consistency":3,' +
  '"validation":{"auc":{"a":null,"b":null},"meanAuc":null}}\n';

test("lines are those that earlier builds wrote, to the byte", () => {
  const text = written((listener) => {
    listener.step?.({ epoch: 1, step: 1, losses });
    listener.step?.({ epoch: 1, step: 2, losses: { ...losses, total: 4.5, bce: 1.5 } });
    listener.epoch?.({
      ...{ epoch: 1, learningRate: 0.003, losses: { ...losses, total: 4.25, bce: 1.25 } },
      evaluation: { auc: { a: 0.5, b: null }, meanAuc: 0.5 },
      validation: { auc: { a: 0.75, b: null }, meanAuc: 0.75 },
    });
    listener.epoch?.({
      ...{ epoch: 2, learningRate: 0.0015, losses, evaluation: undefined },
      validation: { auc: { a: null, b: null }, meanAuc: null },
    });
  });
  expect(text).toBe(earlier);
});

test("a file of earlier builds is read: losses by term, and reports as they were told", () => {
  writeFileSync(file, earlier);
  expect(readMetrics(file)).toEqual({
    steps: [
      { epoch: 1, step: 1, losses },
      { epoch: 1, step: 2, losses: { ...losses, total: 4.5, bce: 1.5 } },
    ],
    epochs: [
      {
        ...{ epoch: 1, learningRate: 0.003, losses: { ...losses, total: 4.25, bce: 1.25 } },
        report: { auc: { a: 0.5, b: null }, meanAuc: 0.5 },
        validation: { auc: { a: 0.75, b: null }, meanAuc: 0.75 },
      },
      {
        ...{ epoch: 2, learningRate: 0.0015, losses, report: undefined },
        validation: { auc: { a: null, b: null }, meanAuc: null },
      },
    ],
  });
});

test.each([
  ["the total alone", { total: 0.5 }],
  ["terms of another method", { total: 0.5, dice: 0.25, boundary: 0.125 }],
])("a task with %s is written and read, its report's numbers told from its losses", (_, terms) => {
  const report = { accuracy: 0.75, errors: [1, 2] };
  writeFileSync(
    file,
    written((listener) => {
      listener.step?.({ epoch: 1, step: 1, losses: terms });
      listener.epoch?.({
        epoch: 1,
        learningRate: 0.1,
        losses: terms,
        evaluation: report,
        validation: undefined,
      });
    }),
  );
  expect(readMetrics(file)).toEqual({
    steps: [{ epoch: 1, step: 1, losses: terms }],
    epochs: [{ epoch: 1, learningRate: 0.1, losses: terms, report, validation: undefined }],
  });
});

test("a task whose names would hide each other in a line is refused, not written", () => {
  const lines: string[] = [];
  const listener = metricsLines((line) => lines.push(line));
  const epoch = { epoch: 1, learningRate: 0.1, losses, validation: undefined };
  const refused = /line of metrics\.jsonl would have "(step|bce|loss|validation)" twice/;
  expect(() => listener.step?.({ epoch: 1, step: 1, losses: { total: 1, step: 1 } })).toThrow(refused);
  expect(() => listener.epoch?.({ ...epoch, evaluation: { bce: 1 } })).toThrow(refused);
  expect(() => listener.epoch?.({ ...epoch, evaluation: { loss: 1 } })).toThrow(UsageError);
  expect(() => listener.epoch?.({ ...epoch, evaluation: { validation: 1 }, validation: {} })).toThrow(
    'a field of the report cannot be called "validation"',
  );
  expect(() => listener.step?.({ epoch: 1, step: 1, losses: { total: 1, loss: 2 } })).toThrow(refused);
  expect(lines).toEqual([]);
});

test.each([
  [
    "a loss that is no number",
    '{"kind":"step","epoch":1,"step":2,"loss":4,"bce":null,"pseudo":2,"consistency":3}',
  ],
  ["another term", '{"kind":"step","epoch":1,"step":2,"loss":4,"bce":1,"pseudo":2,"dice":3}'],
  ["a term less", '{"kind":"step","epoch":1,"step":2,"loss":4,"bce":1,"pseudo":2}'],
  ["an epoch without one", '{"kind":"epoch","epoch":1,"learningRate":1,"loss":4,"bce":1,"pseudo":2}'],
  [
    "an epoch's loss that is text",
    '{"kind":"epoch","epoch":1,"learningRate":1,"loss":4,"bce":"1","pseudo":2,"consistency":3}',
  ],
])("%s is named by its line", (_, line) => {
  const [first] = earlier.split("\n");
  writeFileSync(file, `${first}\n${line}\n`);
  expect(() => readMetrics(file)).toThrow(RunFolderError);
  expect(() => readMetrics(file)).toThrow(/metrics\.jsonl: line 2 is no line of metrics/);
});

test("of a run that was killed, all but the line that breaks off is read, and of none nothing", () => {
  writeFileSync(file, earlier.slice(0, -20));
  expect(readMetrics(file).epochs).toHaveLength(1);
  expect(readMetrics(`${file}.none`)).toEqual({ steps: [], epochs: [] });
});
