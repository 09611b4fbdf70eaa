// Softmax, its logarithm and its gradient, of the rows of an attention and of many classes.

import { logSoftmax, softmax } from "tessera";
import { operators } from "tessera/operators";
import { normal, type HostInput } from "../harness/data.ts";
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
