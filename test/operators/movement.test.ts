// Movements of data: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import {
  broadcastTo,
  concat,
  concatChannels,
  pad,
  reshape,
  slice,
  sliceChannels,
  split,
  stack,
  takeRows,
  transpose,
} from "../../src/functions/movement.ts";
import { movementOperators } from "../../src/operators/movement/index.ts";
import type { Candidate } from "../../src/operators/operator.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

const engine = useEngine({ device: "reference" });
const zeros = (...shape: number[]): Tensor => engine().zeros(shape);
const spec = (...shape: number[]) => ({ shape, dtype: "f32" as const });
const elements = ({ launches }: Candidate): unknown[] => launches.map(({ knobs }) => knobs?.["Element"]);

describe("shape errors say what does not fit", () => {
  const cases: readonly [string, () => unknown, string | RegExp][] = [
    [
      "reshape to another size",
      () => reshape(zeros(2, 3), [4]),
      "reshape: [2, 3] holds 6 values, [4] takes 4",
    ],
    ["reshape with an extent of 0", () => reshape(zeros(2), [0, 2]), /^reshape: \[0, 2\] is no shape/],
    [
      "reshape that leaves nothing for -1",
      () => reshape(zeros(2, 3), [4, -1]),
      /no extent in place of -1 in \[4, -1\]/,
    ],
    ["reshape with two open extents", () => reshape(zeros(2, 3), [-1, -1]), /no extent in place of -1/],
    [
      "transpose that repeats an axis",
      () => transpose(zeros(2, 3), [0, 0]),
      /^transpose: axis 0 of \[2, 3\] is named twice in \[0, 0\]/,
    ],
    ["transpose of too few axes", () => transpose(zeros(2, 3), [0]), /each axis of \[2, 3\] once/],
    [
      "slice past the end",
      () => slice(zeros(2, 3), [0, 2], [2, 2]),
      /^slice: begin 2 and size 2 leave axis 1 of \[2, 3\]/,
    ],
    ["slice of nothing", () => slice(zeros(3), [1], [0]), /^slice: begin 1 and size 0/],
    ["slice with too few numbers", () => slice(zeros(2, 3), [0], [1]), /a number for each axis of \[2, 3\]/],
    ["more channels than there are", () => sliceChannels(zeros(2, 3), 1, 3), /the 3 channels of \[2, 3\]/],
    ["channels of a scalar", () => sliceChannels(zeros(), 0, 1), /the 0 channels of \[\]/],
    ["pad with a negative number", () => pad(zeros(3), [0], [-1]), /^pad: after \[-1\]/],
    ["pad with too few numbers", () => pad(zeros(2, 3), [1], [1, 1]), /^pad: before \[1\]/],
    ["concat of nothing", () => movementOperators.concat.infer([], { axis: 0 }), /at least one f32 tensor/],
    [
      "concat of scalars",
      () => concatChannels([zeros(), zeros()]),
      /^concatChannels: there is no axis -1 in \[\]/,
    ],
    [
      "concat of unequal rows",
      () => concatChannels([zeros(2, 3), zeros(4, 3)]),
      /^concat: f32 \[2, 3\], f32 \[4, 3\]/,
    ],
    ["concat of unequal ranks", () => concat([zeros(2, 3), zeros(2)], 0), /equal except along axis 0/],
    [
      "concat along an axis that is not there",
      () => concat([zeros(2, 3)], -3),
      /^concat: there is no axis -3/,
    ],
    ["stack of unequal shapes", () => stack([zeros(2, 3), zeros(3, 2)]), /^stack: \[2, 3\] and \[3, 2\]/],
    ["stack along an axis that is not there", () => stack([zeros(2)], 2), /^stack: there is no axis 2/],
    ["stack to seven axes", () => stack([zeros(1, 1, 1, 1, 1, 1)]), /up to 5/],
    [
      "split into unequal parts",
      () => split(zeros(2, 7), 3, -1),
      /^split: axis 1 of \[2, 7\] has no 3 equal/,
    ],
    [
      "split that leaves something",
      () => split(zeros(7), [3, 3]),
      /^split: sizes \[3, 3\] .* axis 0 of \[7\]/,
    ],
    ["split with an empty part", () => split(zeros(7), [7, 0]), /whole numbers from 1/],
    ["split of a scalar", () => split(zeros(), 1), /^split: there is no axis 0 in \[\]/],
    [
      "broadcast to fewer axes",
      () => broadcastTo(zeros(2, 3), [3]),
      /^broadcastTo: \[2, 3\] does not repeat to \[3\]/,
    ],
    ["broadcast that would cut", () => broadcastTo(zeros(3), [2, 1]), /each extent must be equal or 1/],
    [
      "takeRows by floats",
      () => takeRows(zeros(3, 2), zeros(2)),
      "indices u32 [count], got f32 [3, 2], f32 [2]",
    ],
    ["more than six axes", () => broadcastTo(zeros(3), [1, 1, 1, 1, 1, 1, 3]), /up to 6/],
  ];
  for (const [name, run, message] of cases) {
    test(name, () => {
      expect(run).toThrow(ShapeError);
      expect(run).toThrow(message);
    });
  }
});

describe("functions", () => {
  test("reshape works out one open extent and keeps the element type", async () => {
    const x = engine().tensor(Uint8Array.of(1, 2, 3, 4, 5, 6));
    const y = reshape(x, [2, -1]);
    expect(y.shape).toEqual([2, 3]);
    expect(y.dtype).toBe("u8");
    expect(reshape(zeros(1), []).shape).toEqual([]);
    expect(reshape(zeros(), [-1]).shape).toEqual([1]);
    x.dispose();
    expect([...(await y.read())]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("transpose reverses all axes unless it is told another order", () => {
    expect(transpose(zeros(2, 3, 5)).shape).toEqual([5, 3, 2]);
    expect(transpose(zeros(2, 3, 5), [0, 2, 1]).shape).toEqual([2, 5, 3]);
  });

  test("takeRows picks images by number, as often as they are asked for", async () => {
    const x = engine().tensor(
      Uint8Array.from({ length: 12 }, (_, i) => i),
      [4, 3],
    );
    const rows = takeRows(x, engine().tensor(Uint32Array.of(3, 0, 3)));
    expect(rows.shape).toEqual([3, 3]);
    expect(rows.dtype).toBe("u8");
    expect(Array.from(await rows.read())).toEqual([9, 10, 11, 0, 1, 2, 9, 10, 11]);
  });

  test("channels that were joined come back by slicing", async () => {
    const a = engine().tensor([
      [1, 2],
      [3, 4],
    ]);
    const b = engine().tensor([[5], [6]]);
    const joined = concatChannels([a, b]);
    expect([...(await joined.read())]).toEqual([1, 2, 5, 3, 4, 6]);
    expect([...(await sliceChannels(joined, 2, 1).read())]).toEqual([5, 6]);
    expect(concat([a, a], -2).shape).toEqual([4, 2]);
  });

  test("stack makes an axis anywhere, and split takes tensors apart again", async () => {
    const [a, b] = [engine().tensor([1, 2]), engine().tensor([3, 4])];
    expect([...(await stack([a, b]).read())]).toEqual([1, 2, 3, 4]);
    const columns = stack([a, b], -1);
    expect(columns.shape).toEqual([2, 2]);
    expect([...(await columns.read())]).toEqual([1, 3, 2, 4]);
    const [left, right] = split(columns, 2, 1);
    expect(left.shape).toEqual([2, 1]);
    expect([...(await left.read()), ...(await right.read())]).toEqual([1, 2, 3, 4]);
    const parts = split(engine().tensor([1, 2, 3, 4]), [1, 3]);
    expect(await Promise.all(parts.map(async (part) => [...(await part.read())]))).toEqual([[1], [2, 3, 4]]);
  });

  test("a hundred tensors are joined and taken apart", async () => {
    const xs = Array.from({ length: 100 }, (_, i) => engine().full([2, 1], i));
    const joined = concat(xs, -1);
    expect(joined.shape).toEqual([2, 100]);
    expect([...(await split(joined, 100, 1)[99].read())]).toEqual([99, 99]);
    expect([...(await stack(xs, 1).read())].slice(98, 102)).toEqual([98, 99, 0, 1]);
  });

  test("slice undoes pad", async () => {
    const x = engine().tensor([1, 2, 3]);
    const padded = pad(x, [2], [1]);
    expect([...(await padded.read())]).toEqual([0, 0, 1, 2, 3, 0]);
    expect([...(await slice(padded, [2], [3]).read())]).toEqual([1, 2, 3]);
  });
});

describe("candidates", () => {
  test("channels that come in fours are copied in fours", () => {
    const { concat: operator, slice: slicing } = movementOperators;
    const { traits } = engine();
    const mixed = operator.candidates([spec(3, 4), spec(3, 4), spec(3, 8)], { axis: 1 }, traits);
    expect(mixed.map(elements)).toEqual([
      ["f32", "f32", "f32"],
      ["vec4f", "vec4f", "vec4f"],
    ]);
    const odd = slicing.candidates([spec(3, 12)], { begin: [0, 3], size: [3, 8] }, traits);
    expect(odd.map(({ name }) => name)).toEqual(["elements"]);
  });

  test("padding walks no more extents than are padded", () => {
    const knobs = (before: number[], after: number[]) =>
      movementOperators.pad.candidates([spec(2, 3, 5, 4)], { before, after }, engine().traits)[0].launches[0]
        .knobs;
    expect(knobs([0, 0, 0, 1], [0, 0, 0, 0])).toEqual({ Element: "f32", RANK: 2 });
    expect(knobs([1, 0, 0, 0], [0, 0, 0, 0])).toEqual({ Element: "f32", RANK: 1 });
    expect(knobs([0, 1, 1, 0], [0, 1, 1, 0])).toEqual({ Element: "f32", RANK: 3 });
  });
});
