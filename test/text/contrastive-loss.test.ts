// The contrastive loss against its formula, written out in float64.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { contrastiveLoss, type ContrastiveLoss } from "../../src/text/encoder/contrastive-loss.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const [batch, width] = [5, 4];
const rows = (data: ArrayLike<number>): number[][] =>
  Array.from({ length: batch }, (_, i) => Array.from({ length: width }, (_2, j) => data[i * width + j]));

/** S of rows of length 1, the losses of both directions, and misses. */
function written(q: ArrayLike<number>, d: ArrayLike<number>, tau: number, others?: ArrayLike<number>) {
  const unit = (row: number[]): number[] => row.map((value) => value / Math.max(Math.hypot(...row), 1e-12));
  const [queries, documents] = [rows(q).map(unit), rows(d).map(unit)];
  const scores = queries.map((query) =>
    documents.map((each) => each.reduce((s, value, i) => s + value * query[i], 0) / tau),
  );
  const counts = (i: number, j: number): boolean => others?.[i * batch + j] !== 1;
  const entropy = (
    score: (i: number, j: number) => number,
    isCounted: (i: number, j: number) => boolean,
  ): number => {
    const each = scores.map((_, i) => {
      const kept = scores.map((_2, j) => j).filter((j) => isCounted(i, j));
      return Math.log(kept.reduce((s, j) => s + Math.exp(score(i, j)), 0)) - score(i, i);
    });
    return each.reduce((a, b) => a + b) / batch;
  };
  const ofQueries = entropy((i, j) => scores[i][j], counts);
  const ofDocuments = entropy(
    (i, j) => scores[j][i],
    (i, j) => counts(j, i),
  );
  const missed = scores.filter((row, i) =>
    row.some((score, j) => j !== i && counts(i, j) && score >= row[i]),
  );
  return {
    total: (ofQueries + ofDocuments) / 2,
    queries: ofQueries,
    documents: ofDocuments,
    misses: missed.length / batch,
  };
}

const others = Float32Array.from({ length: batch * batch }, (_, at) =>
  at === 3 || at === 15 || at === 9 ? 1 : 0,
);
const [q, d] = [normal([batch, width], 5).data, normal([batch, width], 6).data];

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });
  const place = (data: ArrayLike<number>, columns = width): Tensor =>
    open().tensor(Float32Array.from(data), [batch, columns]);
  const read = async (loss: ContrastiveLoss): Promise<Record<string, number>> =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(loss).map(async ([name, tensor]: [string, Tensor]) => [
          name,
          (await tensor.read())[0],
        ]),
      ),
    ) as Record<string, number>;

  test("is the mean of both directions, with and without other right answers", async () => {
    for (const [tau, mask] of [
      [0.05, undefined],
      [0.7, others],
      [0.05, others],
    ] as const) {
      const found = await read(
        contrastiveLoss(place(q), place(d), { temperature: tau, others: mask && place(mask, batch) }),
      );
      const expected = written(q, d, tau, mask);
      for (const [name, value] of Object.entries(expected)) expect(found[name], name).toBeCloseTo(value, 4);
    }
  });

  test("its gradients are those of the formula, by central differences", async () => {
    const [queries, documents] = [place(q), place(d)];
    using tape = new Tape(open(), [queries, documents]);
    const { total } = contrastiveLoss(queries, documents, { temperature: 0.5, others: place(others, batch) });
    const found = await Promise.all(
      tape.gradients(total, [queries, documents]).map((tensor) => tensor.read()),
    );
    const h = 1e-5;
    for (const [which, base] of [q, d].entries()) {
      for (let i = 0; i < base.length; i += 3) {
        const at = (step: number): number => {
          const moved = Float64Array.from(base, (value, k) => (k === i ? value + step : value));
          return which === 0 ? written(moved, d, 0.5, others).total : written(q, moved, 0.5, others).total;
        };
        expect(found[which][i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 4);
      }
    }
  });

  test("counts every query as missed where all vectors are alike, and none where each is nearest to its own", async () => {
    const alike = place(Array.from({ length: batch * width }, (_, i) => i % width));
    expect(await read(contrastiveLoss(alike, alike))).toMatchObject({ misses: 1 });
    const found = await read(contrastiveLoss(place(q), place(q)));
    expect(found["misses"]).toBe(0);
  });

  test("a vector of zeros has a finite loss and finite gradients", async () => {
    const zeros = place(new Float32Array(batch * width));
    const documents = place(d);
    using tape = new Tape(open(), [zeros, documents]);
    const { total } = contrastiveLoss(zeros, documents);
    const found = await Promise.all(
      [total, ...tape.gradients(total, [zeros, documents])].map((tensor) => tensor.read()),
    );
    expect(found.every((values) => Array.from(values).every(Number.isFinite))).toBe(true);
    expect(found[0][0]).toBeCloseTo(Math.log(batch), 5);
  });
});
