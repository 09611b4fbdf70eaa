// Rows by number, their gradients, and what finds or draws numbers of rows, columns and classes.

import {
  addRows,
  argMax,
  cumulativeSum,
  matmul,
  oneHot,
  sampleRows,
  takeRows,
  topRows,
} from "@tessera-gpu/tessera";
import { indices, normal, seed } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const absent = "gpu.js: nobody has written this in it yet";

/** A table of words, and a batch of them. */
const [words, taken] = [50_000, 8192];

function embeddings(width: number): OperatorWork[] {
  const names = width === 64 ? "" : `-${width}`;
  const title = `rows of [${words}, ${width}], ${taken} indices`;
  return [
    {
      name: `take-rows${names}`,
      title,
      bytes: 4 * 2 * taken * width,
      bound: roundingBound(1),
      inputs: () => Promise.all([normal([words, width], 60), indices([taken], 61, words)]),
      body: ([table, rows]) => [takeRows(table, rows)],
      peer: { work: "takeRows", options: {} },
      absent,
    },
    {
      name: `embedding-gradient${names}`,
      title,
      bytes: 4 * (taken + words) * width,
      bound: roundingBound(16),
      inputs: () => Promise.all([normal([taken, width], 62), indices([taken], 61, words)]),
      body: ([dy, rows]) => [addRows(dy, rows, words)],
      peer: { work: "embeddingGradient", options: { count: words } },
      absent,
    },
  ];
}

function search(k: number): OperatorWork[] {
  const [queries, rows, width] = [128, 4096, 128];
  const inputs = () => Promise.all([normal([queries, width], 63), normal([rows, width], 64)]);
  const flops = 2 * queries * rows * width;
  return [
    {
      name: k === 10 ? "top-rows" : `top-rows-${k}`,
      title: `[${queries}, ${width}] x [${rows}, ${width}], the ${k} best`,
      flops,
      bound: roundingBound(width),
      inputs,
      // The numbers of the rows are not compared: products that are nearly equal change places when they are rounded.
      body: ([a, b]) => [topRows(a, b, k).values],
      peer: { work: "topRows", options: { k } },
      absent,
    },
    ...(k === 10
      ? [
          {
            name: "top-rows-products",
            title: `[${queries}, ${width}] x [${rows}, ${width}], all products, without choosing`,
            flops,
            bound: roundingBound(width),
            inputs,
            body: ([a, b]: Parameters<OperatorWork["body"]>[0]) => [matmul(a, b, { transposeB: true })],
            peer: { work: "products", options: {} },
            absent,
          },
        ]
      : []),
  ];
}

export function indexWorks(): OperatorWork[] {
  const [rows, columns] = [256, 4096];
  const count = rows * columns;
  const x = () => normal([rows, columns], 65);
  const title = `[${rows}, ${columns}]`;
  return [
    ...embeddings(64),
    ...embeddings(128),
    ...search(10),
    ...search(100),
    {
      name: "cumulative-sum",
      title,
      bytes: 4 * 2 * count,
      bound: roundingBound(columns),
      inputs: () => Promise.all([x()]),
      body: ([x]) => [cumulativeSum(x)],
      peer: { work: "cumulativeSum", options: {} },
      absent,
    },
    {
      name: "cumulative-sum-long",
      title: `[${count}]`,
      bytes: 4 * 2 * count,
      bound: roundingBound(count),
      inputs: () => Promise.all([normal([count], 65)]),
      body: ([x]) => [cumulativeSum(x)],
      peer: { work: "cumulativeSum", options: {} },
      absent,
    },
    {
      name: "arg-max",
      title,
      bytes: 4 * count,
      bound: roundingBound(1),
      inputs: () => Promise.all([x()]),
      body: ([x]) => [argMax(x)],
      peer: { work: "argMax", options: {} },
      absent,
    },
    {
      name: "one-hot",
      title: `1024 indices, 1024 classes`,
      bytes: 4 * count,
      bound: roundingBound(1),
      inputs: () => Promise.all([indices([1024], 66, 1024)]),
      body: ([numbers]) => [oneHot(numbers, 1024)],
      peer: { work: "oneHot", options: { classes: 1024 } },
      absent,
    },
    {
      name: "sample-rows",
      title,
      bytes: 4 * count,
      bound: roundingBound(1),
      inputs: () => Promise.all([x(), Promise.resolve(seed)]),
      body: ([logits, numbers]) => [sampleRows(logits, numbers)],
      absent: "gpu.js, tfjs: they draw other numbers",
    },
  ];
}
