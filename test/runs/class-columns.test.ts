// Columns of classes that are called like another column of the table.
import { describe, expect, test } from "vitest";
import { columnsApart } from "../../src/runs/class-columns.ts";

const identity = ["source", "part", "image", "patient"];
const plain = (name: string): string[] => [name];
const complete = (name: string): string[] => [name, `${name} is`];

describe("columns by class", () => {
  test("are the classes' names where nothing else is called so", () => {
    expect(columnsApart(identity, ["cat", "dog", "Image"], plain)).toEqual([["cat"], ["dog"], ["Image"]]);
  });

  test("are told apart from those that every table has", () => {
    expect(columnsApart(identity, ["image", "patient", "cat"], plain)).toEqual([
      ["image (class)"],
      ["patient (class)"],
      ["cat"],
    ]);
  });

  test("are told apart from those of other classes", () => {
    expect(columnsApart(identity, ["cat", "cat is"], complete)).toEqual([
      ["cat", "cat is"],
      ["cat is (class)", "cat is (class) is"],
    ]);
  });

  test("are never called like another class, and never twice", () => {
    const classes = ["image", "image (class)", "part", "a", "a is", "a is is"];
    for (const columnsOf of [plain, complete]) {
      const columns = columnsApart(identity, classes, columnsOf);
      const all = [...identity, ...columns.flat()];
      expect(new Set(all).size).toBe(all.length);
      expect(columns[0][0]).toBe("image (class) (class)");
      expect(columns[1][0]).toBe("image (class)");
    }
  });
});
