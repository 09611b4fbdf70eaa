// Classes as a tree in a manifest: the flat list and the parents that it becomes, and that each mistake names its place.
import { describe, expect, test } from "vitest";
import { parseManifest } from "../../src/data/manifest/manifest.ts";

const rest = `
image: { height: 4, width: 4 }
sources:
  - { name: A, format: idx, images: a, labels: b, KNOWS split: { by: none } }
test: { format: idx, images: a, labels: b }
`;
const read = (classes: string, knows = "") =>
  parseManifest(`classes: ${classes}${rest.replace("KNOWS", knows)}`, "it.yaml");

const asList = `
  - Opacity: [Edema, { Lesion: [Mass, Nodule] }]
  - Effusion
  - Device: [Line]`;
const asGroup = `
  Opacity:
    Edema:
    Lesion: [Mass, Nodule]
  Effusion:
  Device: [Line]`;

describe("classes as a tree", () => {
  test.each([
    ["a list", asList],
    ["a group of keys", asGroup],
  ])("written as %s are flat, every class in front of those below it", (_, text) => {
    const { classes, parents } = read(text);
    expect(classes).toEqual(["Opacity", "Edema", "Lesion", "Mass", "Nodule", "Effusion", "Device", "Line"]);
    expect(parents).toEqual([-1, 0, 0, 2, 2, -1, -1, 6]);
  });

  test("that are no tree have no parents", () => {
    const manifest = read("[a, 1, b]");
    expect(manifest.classes).toEqual(["a", "1", "b"]);
    expect("parents" in manifest).toBe(false);
    expect("parents" in read("[a, { b: [] }, { c: }]")).toBe(false);
  });

  test("take numbers for names, as lists do", () => {
    expect(read("[{ 7: [1, 2] }, 3]").classes).toEqual(["7", "1", "2", "3"]);
  });

  test.each([
    ["[a, { b: [c, a] }]", 'it.yaml:1: classes[1].b[1] names "a" a second time'],
    ["[{ a: [b] }, { c: [a] }]", 'it.yaml:1: classes[1].c[0] names "a" a second time'],
    [
      "[a, [b]]",
      "it.yaml:1: classes[1] must be the name of a class, or a class with those below it: Name: [a, b]",
    ],
    ["[a, { b: c }]", "it.yaml:1: classes[1].b must be a list of the classes below it, as [a, b]"],
    ["[a, { b: 3 }]", "it.yaml:1: classes[1].b must be a list of the classes below it, as [a, b]"],
    ["[a, {}]", "it.yaml:1: classes[1] is empty"],
    [
      "{ b: [x], 1: [a] }",
      "it.yaml:1: classes has a name that is a number among several; write them as a list: [1: [a, b], 2]",
    ],
    [
      "[{ a: [b, true] }]",
      'it.yaml:1: classes[0].a[1] is a truth value in YAML; for a name write "true" in quotes',
    ],
    ["yes", 'it.yaml:1: classes must be a list, as [a, b], not "yes"'],
    ["[]", "it.yaml:1: classes must have at least 1 entry"],
    [`${"[{ a: ".repeat(40)}[b]${" }]".repeat(40)}`, /goes over 32 levels deep/],
  ])("%s: %s", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("are known by a source that knows one above or below them", () => {
    expect(() => read(asList, "knows: [Edema, Lesion, Device],")).toThrow(
      'it.yaml:3: classes[1] names "Effusion", but no source knows it',
    );
    const text = "[{ a: [b, { c: [d] }] }]";
    expect(read(text, "knows: [a],").classes).toEqual(["a", "b", "c", "d"]);
    expect(() => read(text, "knows: [c],")).toThrow(
      'it.yaml:1: classes[0].a[0] names "b", but no source knows it',
    );
  });
});
