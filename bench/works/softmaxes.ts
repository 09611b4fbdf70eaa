// Softmax, its logarithm and its gradient, of the rows of an attention and of many classes.

import { logSoftmax, softmax } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { normal, uniform, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

/** exp is as loose as WGSL allows; errors of a sum fall on every value of its row. */
const boundOf = (columns: number) => roundingBound(columns, 4);

function worksOf(suffix: string, rows: number, columns: number): OperatorWork[] {
  const title = `[${rows}, ${columns}]`;
  const count = rows * columns;
  const x = (stream: number): Promise<HostInput> => normal([rows, columns], stream, 2);
  return [
    {
      name: `softmax${suffix}`,
      title,
      bytes: 4 * 2 * count,
      bound: boundOf(columns),
      inputs: () => Promise.all([x(40)]),
      body: ([logits]) => [softmax(logits)],
      peer: { work: "softmax", options: {} },
    },
    {
      name: `softmax-gradient${suffix}`,
      title: `${title}, and forward`,
      bytes: 4 * 5 * count, // x, y and dy read, y and dx written
      bound: boundOf(columns),
      inputs: () => Promise.all([x(40), x(41)]),
      body([logits, dy], engine) {
        const y = softmax(logits);
        return [y, ...engine.run(operators.softmaxGradient, [y, dy], {})];
      },
      peer: { work: "softmaxAndGradient", options: {} },
    },
    {
      name: `log-softmax${suffix}`,
      title,
      bytes: 4 * 2 * count,
      bound: boundOf(columns),
      inputs: () => Promise.all([x(40)]),
      body: ([logits]) => [logSoftmax(logits)],
      peer: { work: "logSoftmax", options: {} },
    },
  ];
}

export function softmaxes(): OperatorWork[] {
  return [...worksOf("", 4096, 128), ...worksOf("-1000", 512, 1000)];
}

function crossEntropyOf(name: string, rows: number, classes: number): OperatorWork {
  return {
    name,
    title: `[${rows}, ${classes}], and its gradient`,
    bytes: 4 * 2 * rows * classes,
    bound: roundingBound(Math.max(rows, classes), 4),
    inputs: async () => [
      await normal([rows, classes], 40, 2),
      {
        shape: [rows],
        dtype: "u32",
        data: Uint32Array.from({ length: rows }, (_, row) => (37 * row) % classes),
      },
    ],
    body: (tensors, engine) =>
      engine.run(operators.crossEntropy, tensors, { ignore: null, labelSmoothing: 0 }),
    peer: { work: "crossEntropyAndGradient", options: { classes } },
  };
}

export function entropies(): OperatorWork[] {
  const [rows, classes] = [4096, 128];
  const common = {
    title: `[${rows}, ${classes}], and its gradient`,
    bytes: 4 * 3 * rows * classes,
    bound: roundingBound(rows * classes, 4),
  };
  return [
    crossEntropyOf("cross-entropy", rows, classes),
    crossEntropyOf("cross-entropy-30000", 256, 30_000),
    {
      ...common,
      name: "binary-cross-entropy",
      inputs: () => Promise.all([normal([rows, classes], 40, 2), uniform([rows, classes], 42, 0, 1)]),
      body: (tensors, engine) =>
        engine.run(operators.binaryCrossEntropyWithLogits, tensors, { weighted: false, positiveWeight: 1 }),
      peer: { work: "binaryCrossEntropyAndGradient", options: {} },
    },
    {
      ...common,
      name: "huber-loss",
      inputs: () => Promise.all([normal([rows, classes], 40, 2), normal([rows, classes], 42)]),
      body: (tensors, engine) => engine.run(operators.huberLoss, tensors, { delta: 1 }),
      peer: { work: "huberLossAndGradient", options: {} },
    },
  ];
}
