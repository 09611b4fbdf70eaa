// The tuner on an operator made for it: one candidate is far slower, one is wrong, one does not compile.

import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { relu } from "../../src/functions/elementwise.ts";
import {
  input,
  output,
  temporary,
  type Candidate,
  type Launch,
  type Operator,
  type Slot,
} from "../../src/operators/operator.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { workKey } from "../../src/runtime/webgpu/choice.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { tune } from "../../src/tuning/tuner.ts";
import { worksOf, type Work } from "../../src/tuning/works.ts";
import { useEngine } from "../engines.ts";

const count = 4096;

/** y = scale x, by shaders/unary.wgsl. */
function scaled(x: Slot, y: Slot, scale: number, knobs = {}): Launch {
  const sizes = { count, first: scale, second: 0 };
  return { kernel: "unary", knobs: { OPERATION: "affine", ...knobs }, bind: { x, y }, sizes };
}

const scratch = { shape: [count], dtype: "f32" } as const;

/** 1 x, a hundred times over, and then 2 x. */
const roundabout: Candidate = {
  name: "roundabout",
  temporaries: [scratch, scratch],
  launches: [
    scaled(input(0), temporary(0), 1),
    ...Array.from({ length: 200 }, (_, i) => scaled(temporary(i % 2), temporary((i + 1) % 2), 1)),
    scaled(temporary(0), output(0), 2),
  ],
};
const straight: Candidate = { name: "straight", launches: [scaled(input(0), output(0), 2)] };
const wrong: Candidate = { name: "wrong", launches: [scaled(input(0), output(0), 2.1)] };
const broken: Candidate = {
  name: "broken",
  launches: [scaled(input(0), output(0), 2, { WIDTH: 1_000_000 })],
};

const twice = (...candidates: readonly Candidate[]): Operator<{ readonly factor: number }> => ({
  name: "twice",
  infer: ([x]) => [x],
  reference: ([x], [y]) => {
    for (let i = 0; i < x.data.length; i++) y.data[i] = 2 * x.data[i];
  },
  candidates: () => candidates,
});

function workOf(engine: Engine, operator: Operator<{ readonly factor: number }>): Work {
  using x = engine.zeros([count]);
  const { recording } = engine.trace(() => void engine.run(operator, [x], { factor: 2 }));
  const [work] = worksOf([recording], engine.traits);
  recording.release();
  return work;
}

describe("tuning", () => {
  const open = useEngine({ device: "webgpu" });

  test("takes what is clearly faster, and nothing that is wrong or does not run", async () => {
    const engine = open();
    const before = engine.memory();
    const work = workOf(engine, twice(wrong, broken, straight, roundabout));
    const { tuned, left } = await tune(engine, [work]);
    expect(left).toEqual([]);
    expect(tuned).toHaveLength(1);
    const [{ rule, chosen, ruleSeconds, chosenSeconds, times }] = tuned;
    expect([rule, chosen]).toEqual(["roundabout", "straight"]);
    expect(chosenSeconds).toBeLessThan(ruleSeconds);
    expect(times.map(({ name, out }) => [name, out])).toEqual([
      ["wrong", "other results"],
      ["broken", "does not run here"],
      ["straight", undefined],
      ["roundabout", undefined],
    ]);
    // The engine chooses as before, and nothing is left on the device.
    expect(engine.memory().bytes).toBe(before.bytes);
    expect(engine.memory().tensors).toBe(before.tensors);
  });

  test("keeps the rule's choice where another one is slower", async () => {
    const { tuned } = await tune(open(), [workOf(open(), twice(roundabout, straight))]);
    expect(tuned[0].chosen).toBe("straight");
    expect(tuned[0].times[0]).toMatchObject({ name: "roundabout", out: "slower" });
  });

  test("the engine follows what was found", async () => {
    const operator = twice(straight, wrong);
    const key = workKey("twice", [{ shape: [count], dtype: "f32" }], { factor: 2 });
    using engine = await openEngine({ device: "webgpu", tuning: { [key]: "straight" } });
    using x = engine.full([count], 1);
    using other = engine.full([count / 2, 2], 1);
    const [right] = engine.run(operator, [x], { factor: 2 });
    expect((await right.read())[0]).toBe(2);
    const [ruled] = engine.run(operator, [other], { factor: 2 });
    expect((await ruled.read())[0]).toBeCloseTo(2.1);
  });

  test("an operator that overwrites its input is compared from the same start", async () => {
    const bind = { running: input(0), batch: input(1) };
    const launch: Launch = { kernel: "movingAverage", bind, sizes: { count, keep: 0.5, share: 0.5 } };
    const update: Operator<undefined> = {
      name: "update",
      updates: [0],
      infer: () => [],
      reference: () => undefined,
      candidates: () => [
        { name: "same", launches: [launch] },
        { name: "other", launches: [{ ...launch, sizes: { ...launch.sizes, keep: 0.4 } }] },
        { name: "rule", launches: [launch] },
      ],
    };
    const engine = open();
    using x = engine.zeros([count]);
    const { recording } = engine.trace(() => engine.run(update, [x, engine.zeros([count])], undefined));
    const { tuned } = await tune(engine, worksOf([recording], engine.traits));
    const outs = Object.fromEntries(tuned[0].times.map(({ name, out }) => [name, out]));
    expect(outs["other"]).toBe("other results");
    expect(outs["same"]).not.toBe("other results");
  });

  test("begins nothing when the time is over, and says what is left", async () => {
    const work = workOf(open(), twice(straight, roundabout));
    const { tuned, left } = await tune(open(), [work], { signal: AbortSignal.abort() });
    expect(tuned).toEqual([]);
    expect(left).toEqual([work]);
    expect((await tune(open(), [work], { seconds: 0 })).left).toEqual([work]);
  });

  test("the reference backend has nothing to tune", async () => {
    using engine = await openEngine({ device: "reference" });
    await expect(tune(engine, [])).rejects.toThrow(UsageError);
  });

  test("works are counted by recording, and equal calls are one work", () => {
    const engine = open();
    using x = engine.zeros([8, 4]);
    using y = engine.zeros([8, 3]);
    const step = (times: number): Parameters<typeof worksOf>[0][number] =>
      engine.trace(() => {
        for (let i = 0; i < times; i++) relu(x);
        return relu(y);
      }).recording;
    const works = worksOf([step(3), step(0)], engine.traits);
    expect(works.map(({ key, calls }) => [key, calls])).toEqual([
      ["relu [8,4] {}", [3, 0]],
      ["relu [8,3] {}", [1, 1]],
    ]);
  });
});
