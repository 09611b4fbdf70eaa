// Work in lanes: so much under way at a time, and what happens when some of it fails or there is reason to stop.
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { inLanes } from "../../../src/data/cache/lanes.ts";
import { range } from "./pictures.ts";

test("items are begun in order, so many at a time, and all are done", async () => {
  const begun: number[] = [];
  let [underWay, most, done] = [0, 0, 0];
  await inLanes(3, range(10), async (item) => {
    begun.push(item);
    most = Math.max(most, ++underWay);
    await setImmediate();
    underWay--;
    done++;
  });
  expect(begun).toEqual(range(10));
  expect([most, done]).toEqual([3, 10]);
});

test("when one fails no other is begun, and its error is thrown once those under way have ended", async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  const work = inLanes(2, range(10), async (item) => {
    begun.push(item);
    await setImmediate();
    if (item === 0) throw new Error("item 0");
    await setImmediate();
    ended.push(item);
  });
  await expect(work).rejects.toThrow("item 0");
  expect(begun).toEqual([0, 1]);
  expect(ended).toEqual([1]);
});

test("where there is reason to stop no other is begun, which is no error", async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await setImmediate();
  };
  await inLanes(2, range(10), work, () => begun.length >= 4);
  expect(begun).toEqual(range(4));
});
