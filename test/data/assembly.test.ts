// What counts as an assembly: lengths that agree, states that are states, and a source for each class.
import { describe, expect, test } from "vitest";
import { assembly, concatenate, imageSet } from "../../src/data/assembly/assembly.ts";
import { absent, negative, positive } from "../../src/labels/states.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { DataError, ManifestError } from "../../src/errors/data-errors.ts";

const set = (source: string, states: readonly number[], changes: Partial<ImageSet> = {}): ImageSet => ({
  source,
  count: 2,
  height: 2,
  width: 3,
  channels: 1,
  pixels: new Uint8Array(12),
  states: Uint8Array.from(states),
  ...changes,
});
const a = set("A", [negative, absent, positive, absent]);
const b = set("B", [absent, positive, absent, negative]);
const test1 = set("test", [0, 1, 1, 0]);

describe("an assembly", () => {
  test("joins sources that know different classes", () => {
    expect(assembly({ classes: ["x", "y"], sources: [a, b], test: test1 }).sources).toEqual([a, b]);
  });

  test("is refused when no source knows a class, naming the class", () => {
    const lonely = (): unknown => assembly({ classes: ["x", "y"], sources: [a], test: test1 });
    expect(lonely).toThrow(ManifestError);
    expect(lonely).toThrow(/"y", but no image of a source has a label of it/u);
  });

  test("is refused without classes or sources, or with a class named twice", () => {
    expect(() => assembly({ classes: [], sources: [a], test: test1 })).toThrow(/classes is empty/u);
    expect(() => assembly({ classes: ["x", "y"], sources: [], test: test1 })).toThrow(/sources is empty/u);
    expect(() => assembly({ classes: ["x", "x"], sources: [a], test: test1 })).toThrow(/"x" twice/u);
  });

  test("is refused when the sizes of two sets differ, naming both", () => {
    const wide = set("B", [absent, 1, absent, 0], { width: 4, pixels: new Uint8Array(16) });
    expect(() => assembly({ classes: ["x", "y"], sources: [a, wide], test: test1 })).toThrow(
      /B: holds images of 2 x 4 x 1, but "test" holds 2 x 3 x 1/u,
    );
  });
});

describe("an image set", () => {
  test("is refused when lengths, sizes or states are wrong, naming the source and the record", () => {
    const refuse = (changes: Partial<ImageSet>, message: RegExp): void => {
      expect(() => imageSet({ ...a, ...changes }, 2)).toThrow(DataError);
      expect(() => imageSet({ ...a, ...changes }, 2)).toThrow(message);
    };
    refuse({ pixels: new Uint8Array(11) }, /A: has 11 pixel values where its sizes need 12/u);
    refuse({ states: new Uint8Array(5) }, /A: has 5 label states .* need 4/u);
    refuse({ count: 0 }, /must be 1 or more/u);
    refuse({ width: 1.5 }, /must be 1 or more/u);
    refuse({ states: Uint8Array.of(0, 1, 0, 2) }, /A: record 1: label state 2 of class 1/u);
  });

  test("can be several sets in a row", () => {
    const whole = concatenate("both", [a, b]);
    expect(whole.count).toBe(4);
    expect([...whole.states]).toEqual([...a.states, ...b.states]);
    expect(imageSet(whole, 2)).toBe(whole);
    expect(() => imageSet({ ...whole, patients: ["one"] }, 2)).toThrow(
      /both: must say for each of its 4 images whose/,
    );
    expect(() => concatenate("both", [a, set("C", [], { height: 9 })])).toThrow(
      /2 x 3 x 1 \("A"\) and 9 x 3 x 1 \("C"\)/u,
    );
  });
});
