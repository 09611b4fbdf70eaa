// Files of predicted masks: in the folders of their images, and never two images in one file.
import { describe, expect, test } from "vitest";
import { maskNames } from "../../src/runs/mask-names.ts";

const named = (...ids: string[]): string[] =>
  maskNames(
    ids.map((id) => ({ source: "S", id })),
    ".png",
  );

describe("names of masks", () => {
  test("follow the folders of the images, without their endings", () => {
    expect(named("a/b.jpg", "17", "c.dcm.gz", "v1.2")).toEqual([
      "S/a/b.png",
      "S/17.png",
      "S/c.png",
      "S/v1.2.png",
    ]);
    expect(maskNames([{ id: "case/ct.nii.gz" }], ".nii.gz")).toEqual(["case/ct.nii.gz"]);
  });

  test("are told apart where images differ in their endings, in capitals, or in what no file may be called", () => {
    const names = named("a.jpg", "a.png", "A.jpg", "a?.png", "a*.png", "a_.png");
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(6);
    expect(names.slice(0, 2)).toEqual(["S/a.jpg.png", "S/a.png.png"]);
  });

  test("keep the endings of all images that would share a name, so that no image has the mask of another", () => {
    expect(named("a.jpg", "b.jpg", "a.png")).toEqual(["S/a.jpg.png", "S/b.png", "S/a.png.png"]);
    expect(named("a.jpg.bmp", "a.jpg", "a.png")).toEqual(["S/a.jpg.bmp.png", "S/a.jpg.png", "S/a.png.png"]);
    expect(named("x/a.jpg", "y/a.png")).toEqual(["S/x/a.png", "S/y/a.png"]);
    expect(named("17", "17")).toEqual(["S/17.png", "S/17-2.png"]);
  });

  test("lead out of no folder", () => {
    expect(named("../../etc/x.png", "/abs/y.png", "..", "...")).toEqual([
      ...["S/etc/x.png", "S/abs/y.png", "S/_.png", "S/_-2.png"],
    ]);
  });
});
