// Where the buffers of a step lie: found by drawing steps and asking what WebGPU and the values ask.

import { describe, expect, test } from "vitest";
import type { LoweredLaunch, VirtualBuffer } from "../../src/runtime/webgpu/lowering.ts";
import { shareSlots, type Lifetime } from "../../src/runtime/webgpu/slots.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const buffer = (label: string, bytes: number): VirtualBuffer => ({ label, bytes, role: "output" });

/** A launch that reads some buffers and writes one. */
function launch(reads: readonly VirtualBuffer[], writes: VirtualBuffer): LoweredLaunch {
  const access = [...reads.map(() => "read"), "readWrite"];
  const kernel = { bindings: access.map((each, index) => ({ index, access: each })) };
  const bindings = [...reads, writes].map((target, index) => ({ index, target }));
  return { kernel, bindings } as unknown as LoweredLaunch;
}

function lifetimes(launches: readonly LoweredLaunch[]): Lifetime[] {
  const found = new Map<VirtualBuffer, Lifetime>();
  launches.forEach(({ bindings }, at) => {
    for (const { target } of bindings) {
      const each = target as VirtualBuffer;
      found.set(each, { buffer: each, first: found.get(each)?.first ?? at, last: at });
    }
  });
  return [...found.values()];
}

const places = (launches: readonly LoweredLaunch[]) => shareSlots(lifetimes(launches), launches);

/** What is wrong with a plan, in words; nothing where it may be run. */
function faults(launches: readonly LoweredLaunch[]): string[] {
  const wrong: string[] = [];
  const times = new Map(lifetimes(launches).map((each) => [each.buffer, each]));
  const slots = places(launches);
  for (const { bytes, buffers } of slots) {
    for (const { buffer: one, offset } of buffers) {
      if (offset % 256 !== 0) wrong.push(`${one.label} begins at ${offset}`);
      if (offset + one.bytes > bytes) wrong.push(`${one.label} ends behind its slot`);
    }
    buffers.forEach(({ buffer: one, offset: at }, i) => {
      for (const { buffer: other, offset } of buffers.slice(i + 1)) {
        const [a, b] = [times.get(one), times.get(other)];
        if (a === undefined || b === undefined) throw new Error("a buffer that no launch binds");
        const together = a.first <= b.last && b.first <= a.last;
        if (together && at < offset + other.bytes && offset < at + one.bytes) {
          wrong.push(`${one.label} and ${other.label} lie in one place at one time`);
        }
        for (const { kernel, bindings } of launches) {
          const of = (wanted: VirtualBuffer) => bindings.filter(({ target }) => target === wanted);
          const both = [...of(one), ...of(other)];
          const writes = both.some(({ index }) => kernel.bindings[index].access === "readWrite");
          if (of(one).length > 0 && of(other).length > 0 && writes) {
            wrong.push(`a launch finds ${one.label} and ${other.label} in one slot and writes there`);
          }
        }
      }
    });
  }
  const placed = slots.flatMap(({ buffers }) => buffers.map(({ buffer: each }) => each));
  if (placed.length !== times.size || new Set(placed).size !== times.size)
    wrong.push("not each has one place");
  return wrong;
}

describe("slots", () => {
  test("a large buffer's memory is divided among smaller ones that come after it", () => {
    const [x, large, y] = [buffer("x", 256), buffer("large", 1024), buffer("y", 256)];
    const [a, b, c] = ["a", "b", "c"].map((name) => buffer(name, 256));
    const launches = [launch([x], large), launch([large], y), launch([y], a), launch([y], b), launch([y], c)];
    const use = launch([a, b, c], buffer("end", 4));
    const slots = places([...launches, use]);
    const shared = slots.find(({ buffers }) => buffers.some(({ buffer: each }) => each === large));
    expect(shared?.buffers.map(({ buffer: each, offset }) => [each.label, offset])).toEqual([
      ["large", 0],
      ["a", 0],
      ["b", 256],
      ["c", 512],
    ]);
  });

  test("what a launch reads and writes lies apart, however small", () => {
    const [big, after, x, y] = [4096, 4, 4, 4].map((bytes, i) => buffer(`${i}`, bytes));
    const launches = [
      launch([], big),
      launch([big], after),
      launch([after], x),
      launch([x], y),
      launch([y], x),
    ];
    expect(faults(launches)).toEqual([]);
    const slotOf = (wanted: VirtualBuffer): number =>
      places(launches).findIndex(({ buffers }) => buffers.some(({ buffer: each }) => each === wanted));
    expect(slotOf(x)).not.toBe(slotOf(y));
  });

  test("two hundred drawn steps: no two in one place at one time, and none read and written in one slot", () => {
    const random = randomStream(11, "steps");
    const count = random.below;
    let shared = 0;
    for (let step = 0; step < 200; step++) {
      const buffers = Array.from({ length: 4 + count(24) }, (_, i) => buffer(`${i}`, 4 * (1 + count(400))));
      const launches = Array.from({ length: 3 + count(40) }, () => {
        const drawn = [0, 1, 2].map(() => buffers[count(buffers.length)]);
        const [writes, ...reads] = drawn;
        return launch(
          reads.filter((each) => each !== writes),
          writes,
        );
      });
      expect(faults(launches), `step ${step}`).toEqual([]);
      shared += places(launches).filter(({ buffers: each }) => each.length > 1).length;
    }
    expect(shared).toBeGreaterThan(200);
  });
});
