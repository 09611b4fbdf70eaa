// Dropout: rates, one mask in both directions, new masks in every pass and replay, and the same ones when a run goes on.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { dropout } from "../../src/functions/random-tensors.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Dropout } from "../../src/nn/layers/dropout-layer.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { loadWeights, readWeights } from "../../src/nn/weights.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

const kept = (values: ArrayLike<number>): boolean[] => Array.from(values, (value) => value !== 0);

describe.each(["reference", "webgpu"] as const)("%s", (device) => {
  const open = useEngine({ device });
  const seed = (): Tensor => open().tensor(Uint32Array.of(1, 2, 3, 4));

  test.each([0, 0.1, 0.5, 0.99, 0.9999])(
    "a rate of %d drops that share, and keeps the mean",
    async (rate) => {
      const count = 1 << 18;
      const y = await dropout(open().full([count], 1), seed(), { rate }).read();
      const share = kept(y).filter((each) => !each).length / count;
      // Five deviations of a share.
      expect(Math.abs(share - rate)).toBeLessThanOrEqual(5 * Math.sqrt((rate * (1 - rate)) / count));
      for (const value of new Set(y))
        expect([0, Math.fround(1 / (1 - rate)), 1 / (1 - rate)]).toContain(value);
    },
  );

  test("neighbours, and draws that share their halves, are dropped independently", async () => {
    const count = 1 << 18;
    const mask = kept(await dropout(open().full([count], 1), seed(), { rate: 0.3 }).read());
    for (const lag of [1, 2, 4, 8]) {
      const both = mask.filter((each, i) => !each && i + lag < count && !mask[i + lag]).length / count;
      expect(Math.abs(both - 0.09), `lag ${lag}`).toBeLessThan(5 * Math.sqrt(0.09 / count));
    }
  });

  test("the gradient is dropped where the value was, and streams and seeds differ", async () => {
    const x = open().full([1000], 1);
    const { y, gradients } = valueAndGradients(() => {
      const y = dropout(x, seed(), { stream: 5 });
      return { value: sum(y), y };
    }, [x]);
    expect(await gradients[0].read()).toEqual(await y.read());
    const other = await dropout(x, seed(), { stream: 6 }).read();
    expect(kept(other)).not.toEqual(kept(await y.read()));
  });

  test("a layer draws anew in each pass and replay; the gradient is that of its pass; inference changes nothing", async () => {
    const engine = open();
    const init = new Initialiser(engine, 1);
    const [first, second] = [new Dropout(engine, init), new Dropout(engine, init)];
    const x = engine.full([500], 1);
    expect(first.forward(x, "inference")).toBe(x);
    const step = (): { one: Tensor; two: Tensor; slope: Tensor } => {
      const { one, two, gradients } = valueAndGradients(() => {
        const [one, two] = [first.forward(x, "training"), second.forward(x, "training")];
        return { value: sum(multiply(one, two)), one, two };
      }, [x]);
      return { one, two, slope: gradients[0] };
    };
    const masks = new Set<string>();
    const look = async ({ one, two, slope }: ReturnType<typeof step>): Promise<void> => {
      const [a, b, g] = [await one.read(), await two.read(), await slope.read()];
      // d (a b) / dx = a db/dx + b da/dx, and x is 1.
      g.forEach((value, i) => expect(value).toBe(2 * a[i] * b[i]));
      for (const each of [a, b]) masks.add(kept(each).map(Number).join(""));
    };
    await look(step());
    const program = await engine.record(step);
    for (let run = 0; run < 3; run++) {
      program.run();
      await look(program.result);
    }
    await look(step());
    expect(masks.size).toBe(10);
    program.dispose();
  });

  test("what was saved goes on with the masks of one that was never stopped, and the same seed gives the same ones", async () => {
    const engine = open();
    const make = (): Sequential => {
      const init = new Initialiser(engine, 7);
      return new Sequential(engine, [
        new Linear(engine, init, 4, 64),
        new Dropout(engine, init, { rate: 0.3 }),
      ]);
    };
    const x = engine.full([8, 4], 1);
    const pass = async (net: Sequential): Promise<unknown> => await net.forward(x, "training").read();
    const [net, twin, later] = [make(), make(), make()];
    expect(await pass(twin)).toEqual(await pass(net));
    await loadWeights(later, await readWeights(net));
    expect(await pass(later)).toEqual(await pass(net));
    // It is no weight: a file of weights alone may lack it.
    const weights = [...(await readWeights(net))].filter(([name]) => name !== "1.seed");
    expect((await loadWeights(make(), new Map(weights))).missing).toEqual([]);
  });
});
