// What the engine promises whatever the backend: data in and out, scopes, counts, refusals.

import ndarray from "ndarray";
import { describe, expect, test } from "vitest";
import { LifetimeError, ShapeError, UsageError } from "../../src/errors/errors.ts";
import { add, exp, multiply } from "../../src/functions/elementwise.ts";
import { reshape } from "../../src/functions/movement.ts";
import { sum } from "../../src/functions/reduction.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

for (const device of ["reference", "webgpu"] as const) {
  describe(`engine on ${device}`, () => {
    const open = useEngine({ device });

    test("takes numbers, nested numbers, typed arrays and ndarrays, and gives them back", async () => {
      const engine = open();
      expect(await engine.tensor(2.5).item()).toBe(2.5);
      const nested = engine.tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      expect(nested.shape).toEqual([2, 3]);
      const bytes = engine.tensor(Uint8Array.of(1, 2, 3, 4, 255));
      expect([bytes.dtype, Array.from(await bytes.read())]).toEqual(["u8", [1, 2, 3, 4, 255]]);
      const turned = ndarray(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]).transpose(1, 0);
      const back = await engine.tensor(turned).ndarray();
      expect(back.shape).toEqual([3, 2]);
      expect([back.get(0, 1), back.get(2, 0)]).toEqual([4, 3]);
      const labels = engine.tensor(Int32Array.of(2, 0, 65536));
      expect([labels.dtype, Array.from(await labels.read())]).toEqual(["u32", [2, 0, 65536]]);
      const rows = [Float32Array.of(0.5, -2, 3), Float32Array.of(4, 5, 6)];
      expect(await engine.tensor(rows).nested()).toEqual(rows);
      expect(await engine.tensor([1, 2, 3], [3], "u8").nested()).toEqual(Float32Array.of(1, 2, 3));
    });

    test("refuses ragged data, a shape that is not filled, and item() of many", async () => {
      const engine = open();
      expect(() => engine.tensor([[1, 2], [3]])).toThrow(ShapeError);
      expect(() => engine.tensor([1, 2, 3], [2, 2])).toThrow(/3 values do not fill \[2, 2\]/);
      expect(() => engine.tensor([], [0])).toThrow(ShapeError);
      await expect(engine.tensor([1, 2]).item()).rejects.toThrow(ShapeError);
    });

    const noData: [what: string, data: unknown, message: RegExp][] = [
      ["a string in a list", ["a"], /^engine\.tensor: takes a number,.*; got the string "a" at \[0\]$/],
      ["a string deep inside", [[1, 2], [3, "b"]], /got the string "b" at \[1, 1\]$/], // prettier-ignore
      ["undefined", undefined, /got undefined$/],
      ["null", null, /got null$/],
      ["null in a list", [1, null], /got null at \[1\]$/],
      ["a promise", Promise.resolve([1]), /got a promise: await it first/],
      [
        "negative whole numbers",
        Int16Array.of(1, -2),
        /the value at \[1\] is -2, and a u32 tensor takes whole/,
      ],
      [
        "large whole numbers",
        BigInt64Array.of(1n),
        /got an object of type BigInt64Array: its values are no num/,
      ],
      ["a record", { values: [1] }, /got an object$/],
      ["a switch", true, /got true: write 1 for true and 0 for false$/],
    ];
    test("data in chunks is the same tensor, and chunks that do not fit leave nothing behind", async () => {
      const bytes = Uint8Array.from({ length: 10 }, (_, i) => 7 * i);
      const engine = open();
      const before = engine.memory().bytes;
      using whole = engine.tensorOfChunks(
        [bytes.subarray(0, 4), bytes.subarray(4, 8), bytes.subarray(8)],
        [5, 2],
      );
      expect(await whole.read()).toEqual(bytes);
      whole.dispose();
      const wrong: [Uint8Array[], RegExp][] = [
        [[bytes.subarray(0, 8)], /needs 10 bytes, the chunks have only 8$/],
        [[bytes.subarray(0, 8), bytes.subarray(0, 4)], /the chunks have more$/],
        [[bytes.subarray(0, 8), bytes.subarray(8), bytes], /inside a word$/],
        [[bytes.subarray(0, 2), bytes.subarray(2)], /ends at byte 2, inside a word$/],
      ];
      for (const [chunks, message] of wrong)
        expect(() => engine.tensorOfChunks(chunks, [10])).toThrow(message);
      expect(engine.memory().bytes).toBe(before);
    });

    test.each(noData)("%s is no data: one line that names the call", (_, data, message) => {
      const make = (): unknown => open().tensor(data as number[]);
      expect(make).toThrow(UsageError);
      expect(make).toThrow(message);
    });

    test("feed and write name themselves; a shape or type that is none is refused", () => {
      const engine = open();
      expect(() => engine.feed(() => ["a"] as unknown as number[], [1])).toThrow(
        /^engine\.feed: .* got the string "a" at \[0\]/,
      );
      expect(() => engine.feed([1] as never, [1])).toThrow(/engine\.feed takes a function/);
      expect(() => engine.write(engine.tensor([1]), undefined as never)).toThrow(
        /^engine\.write: .*undefined/,
      );
      expect(() => engine.tensor([1], 1 as never)).toThrow(ShapeError);
      expect(() => engine.tensor([1], [1], "f64" as never)).toThrow(
        /no element type.*"f64".*f32, f16, u32, u8/,
      );
    });

    test("a scope releases what it made and keeps what it returns, also inside records", async () => {
      const engine = open();
      const before = engine.memory();
      const { kept } = engine.scope(() => {
        const x = engine.tensor([1, 2, 3]);
        return { kept: [add(x, exp(x))] };
      });
      expect(engine.memory().tensors).toBe(before.tensors + 1);
      expect((await kept[0].read())[0]).toBeCloseTo(1 + Math.E, 5);
      kept[0]?.dispose();
      expect(engine.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    });

    test("what an inner scope returns belongs to the outer one; keep() frees a tensor from it", async () => {
      const engine = open();
      const before = engine.memory().tensors;
      let kept: Tensor | undefined;
      engine.scope(() => {
        engine.scope(() => engine.tensor([1]));
        kept = engine.keep(engine.tensor([2]));
      });
      expect(engine.memory().tensors).toBe(before + 1);
      expect(await kept?.item()).toBe(2);
      kept?.dispose();
    });

    test("keep() frees a tensor of an outer scope too", async () => {
      const engine = open();
      const kept = engine.scope(() => {
        const made = engine.tensor([2]);
        engine.scope(() => engine.keep(made));
        return () => made;
      })();
      expect(await kept.item()).toBe(2);
      kept.dispose();
    });

    test("an asynchronous scope is refused", () => {
      expect(() => open().scope(() => Promise.resolve(1))).toThrow(LifetimeError);
    });

    test("a scope that throws releases what it made", () => {
      const engine = open();
      const before = engine.memory().tensors;
      expect(() =>
        engine.scope(() => {
          engine.tensor([1, 2, 3]);
          throw new Error("no");
        }),
      ).toThrow("no");
      expect(engine.memory().tensors).toBe(before);
    });

    test("a disposed tensor is refused by name and shape; disposing twice is fine", () => {
      const engine = open();
      const x = engine.tensor([[1, 2]]);
      x.dispose();
      x.dispose();
      expect(() => exp(x)).toThrow(LifetimeError);
      expect(() => exp(x)).toThrow(/\[1, 2\] was disposed/);
    });

    test("a reshaped tensor shares its data and outlives the original", async () => {
      const engine = open();
      const x = engine.tensor([1, 2, 3, 4]);
      const bytes = engine.memory().bytes;
      const y = reshape(x, [2, 2]);
      expect(engine.memory().bytes).toBe(bytes);
      x.dispose();
      expect(Array.from(await y.read())).toEqual([1, 2, 3, 4]);
      y.dispose();
    });

    test("the same shapes again and again take no more memory", async () => {
      const engine = open();
      const step = async (): Promise<void> => {
        using total = engine.scope(() => {
          const x = engine.tensor(new Float32Array(1000).fill(1));
          return sum(multiply(add(x, x), x));
        });
        expect(await total.item()).toBe(2000);
      };
      await step();
      await step();
      const before = engine.memory();
      for (let i = 0; i < 50; i++) await step();
      expect(engine.memory()).toEqual(before);
    });

    test("tensors of two engines do not mix", async () => {
      using other = await openEngine({ device: "reference" });
      const [x, y] = [open().tensor([1]), other.tensor([1])];
      expect(() => add(x, y)).toThrow(LifetimeError);
    });

    test("a closed engine refuses work in one line", async () => {
      const engine = await openEngine({ device });
      const x = engine.tensor([1]);
      engine.close();
      engine.close();
      expect(() => engine.tensor([1])).toThrow(/closed/);
      expect(() => exp(x)).toThrow(LifetimeError);
    });
  });
}

describe("opening an engine", () => {
  test("an unknown device is refused with the ones there are", async () => {
    await expect(openEngine({ device: "cuda" as "auto" })).rejects.toThrow(UsageError);
    await expect(openEngine({ device: "cuda" as "auto" })).rejects.toThrow(/auto, webgpu, reference/);
  });
});
