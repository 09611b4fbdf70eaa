// A small table in codes for tests of the network, and what it should compute of it, in float64.

import { randomStream } from "../../../src/data/random-stream.ts";
import type { Weights } from "../../../src/tensor/held.ts";
import type { CodedTable } from "../../../src/tabular/coded-table.ts";
import type { NetworkRows } from "../../../src/tabular/network/network-rows.ts";
import type { TabularNetwork } from "../../../src/tabular/network/tabular-network.ts";

/** Columns of so many codes; a cell is what `cell` makes of a uniform number and of the row's cells before it. */
export function drawnTable(
  rows: number,
  counts: readonly number[],
  cell = (uniform: number, column: number, _before: readonly number[]): number =>
    Math.floor(uniform ** 2 * counts[column]),
): CodedTable {
  const random = randomStream(4, "drawn table");
  const cells = counts.map(() => new Int32Array(rows));
  for (let row = 0; row < rows; row++) {
    const before: number[] = [];
    counts.forEach((_, column) => {
      before.push(cell(random.uniform(), column, before));
      cells[column][row] = before[column];
    });
  }
  const columns = counts.map((count, column) => ({
    name: `column ${column}`,
    isOrdered: false,
    codes: Array.from({ length: count }, (_, k) => ({ kind: "value" as const, value: `code ${k}` })),
    // One more row of each code, so that no share is 0.
    shares: Float64Array.from({ length: count }, (_, k) => {
      return (cells[column].filter((code) => code === k).length + 1) / (rows + count);
    }),
  }));
  return { rows, columns, cells };
}

/** Weights of a network that has learned nothing but its first guess: no product says anything. */
export function withoutProducts(weights: Weights): Weights {
  return new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      { shape, data: name.endsWith("weights") ? new Float32Array(data.length) : data },
    ]),
  );
}

/** The loss of rows, loop by loop, with no dropout. */
export function plainLoss(
  network: TabularNetwork,
  weights: Weights,
  cells: readonly Int32Array[],
  rows: readonly number[],
  { known }: NetworkRows,
): number {
  const { counts, firsts, embedding, hidden, knownWidth, targets, outputs } = network;
  const columns = counts.length;
  const inputs = columns * embedding + knownWidth;
  const dataOf = (name: string): ArrayLike<number> => {
    const found = weights.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found.data;
  };
  const [embeddings, matrix] = [dataOf("embeddings"), dataOf("weights")];
  let sum = 0;
  rows.forEach((row, b) => {
    targets.forEach((column, t) => {
      const seen = (i: number): number => known[(t * rows.length + b) * knownWidth + i];
      const weight = (i: number, h: number): number => matrix[(t * inputs + i) * hidden + h];
      const units = Array.from({ length: hidden }, (_, h) => {
        const number = counts.reduce((n, __, i) => n + seen(i), 0);
        let unit = weight(columns * embedding + columns + number, h);
        for (let i = 0; i < columns; i++) {
          if (seen(i) === 0) continue;
          unit += weight(columns * embedding + i, h);
          for (let e = 0; e < embedding; e++) {
            unit += embeddings[(firsts[i] + cells[i][row]) * embedding + e] * weight(i * embedding + e, h);
          }
        }
        return Math.max(unit, 0);
      });
      const g = outputs.findIndex((output) => output.columns.includes(column));
      const { width, columns: those } = outputs[g];
      const at = those.indexOf(column);
      const [out, biases] = [dataOf(`outputs.${g}.weights`), dataOf(`outputs.${g}.biases`)];
      const logits = Array.from({ length: counts[column] }, (_, k) =>
        units.reduce((z, unit, h) => z + unit * out[(at * hidden + h) * width + k], biases[at * width + k]),
      );
      sum += Math.log(logits.reduce((all, z) => all + Math.exp(z), 0)) - logits[cells[column][row]];
    });
  });
  return sum / rows.length;
}
