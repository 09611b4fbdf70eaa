import { mkdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { folder as folderFormat, imagesBelow } from "../../../src/data/formats/folder.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { complaint, contextAt, countsOf, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => void (folder = temporaryFolder()));
afterEach(() => folder.remove());

const listFolder = (path = "d"): Promise<Listing> =>
  list(folderFormat, { format: "folder", folder: path }, folder.path);
const idsOf = ({ records }: Listing): string[] => records.map(({ id }) => id);

describe("a folder a class", () => {
  test("lists its images by class, at any depth, in an order of its own", async () => {
    writeFiles(folder.path, {
      "d/dogs/b.PNG": "",
      "d/dogs/a.jpeg": "",
      "d/dogs/more/z.jpg": "",
      "d/dogs/more/y.png.gz": "",
      "d/dogs/.hidden.png": "",
      "d/dogs/.git/c.png": "",
      "d/Cats/a.jpeg": "",
      "d/.cache/a.png": "",
      "d/readme.txt": "",
    });
    mkdirSync(join(folder.path, "d/empty"));
    const listing = await listFolder();
    expect(listing.labelNames).toEqual(["Cats", "dogs", "empty"]);
    expect(idsOf(listing)).toEqual([
      ...["Cats/a.jpeg", "dogs/a.jpeg", "dogs/b.PNG", "dogs/more/y.png.gz", "dogs/more/z.jpg"],
    ]);
    expect(listing.records.map((_, i) => givenOf(listing, i))).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
      [0, 1, 0],
      [0, 1, 0],
    ]);
    expect(countsOf(listing, "empty")).toEqual([0, 5, 0, 0]);
    expect(listing.records[4].image).toEqual({ kind: "file", file: join(folder.path, "d/dogs/more/z.jpg") });
  });

  test("names every file that is no image by its name, and images in no class's folder", async () => {
    writeFiles(folder.path, {
      "d/a/1.png": "",
      "d/a/notes.txt": "",
      "d/b/2.txt": "",
      "d/3.png": "",
      "d/a.csv": "",
    });
    expect(await complaint(listFolder(), folder.path)).toBe(
      "d/a/notes.txt: is no image by its name (.png, .jpg, .jpeg, .tif, .tiff, .webp, .gif, .bmp, .dcm, .dicom, each with .gz or not); 2 files below d are not",
    );
    const bad: string[] = [];
    const context = contextAt(folder.path, { bad: ({ file }) => void bad.push(relative(folder.path, file)) });
    const listing = await list(folderFormat, { format: "folder", folder: "d" }, folder.path, context);
    expect(idsOf(listing)).toEqual(["a/1.png"]);
    expect(bad).toEqual(["d/a/notes.txt", "d/b/2.txt", "d/3.png"]);
  });

  test("passes over what systems leave behind, at any depth and in any capitals", async () => {
    const left = ["Thumbs.db", "DESKTOP.INI", ".DS_Store", "._1.png", "Icon\r", "~$list.docx", "ehthumbs.db"];
    const places = left.flatMap((name) => [`d/${name}`, `d/cats/${name}`, `d/cats/deep/${name}`]);
    writeFiles(folder.path, {
      "d/cats/1.png": "",
      "d/cats/deep/2.png": "",
      "d/__macosx/cats/3.png": "",
      "d/@eaDir/4.png": "",
      "d/cats/.ipynb_checkpoints/5.png": "",
      ...Object.fromEntries(places.map((place) => [place, "x"])),
    });
    const kept = ["cats/1.png", "cats/deep/2.png"];
    const listing = await listFolder();
    expect(listing.labelNames).toEqual(["cats"]);
    expect(idsOf(listing)).toEqual(kept);
    expect((await imagesBelow(join(folder.path, "d"))).map(({ id }) => id)).toEqual(kept);
  });

  test("that holds nothing else holds no image", async () => {
    writeFiles(folder.path, { "left/Thumbs.db": "x", "left/__MACOSX/1.png": "" });
    await expect(imagesBelow(join(folder.path, "left"))).rejects.toThrow(/left: holds no image/u);
  });

  test("has the labels that the manifest speaks of as well: no image shows them", async () => {
    writeFiles(folder.path, { "d/cats/1.png": "", "d/dogs/2.png": "" });
    const context = contextAt(folder.path, { wanted: ["horses"] });
    const listing = await list(folderFormat, { format: "folder", folder: "d" }, folder.path, context);
    expect(listing.labelNames).toEqual(["cats", "dogs", "horses"]);
    expect([...listing.rawLabels]).toEqual([1, 0, 0, 0, 1, 0]);
  });

  test("follows links, but never round in circles or up to other classes", async () => {
    writeFiles(folder.path, { "d/a/1.png": "", "d/b/2.png": "", "elsewhere/3.png": "", "store.png": "" });
    const link = (target: string, at: string): void => symlinkSync(target, join(folder.path, at));
    link(".", "d/a/self");
    link("..", "d/a/up");
    link("../..", "d/a/further");
    link("loop.png", "d/a/loop.png");
    link("../../elsewhere", "d/a/elsewhere");
    link("../../elsewhere", "d/a/again");
    link("../../store.png", "d/a/linked.png");
    link("nowhere.png", "d/a/broken.png");
    expect(idsOf(await listFolder())).toEqual([
      "a/1.png",
      "a/again/3.png",
      "a/broken.png",
      "a/linked.png",
      "b/2.png",
    ]);
  });

  test("is refused without a folder, and for folders that never end", async () => {
    writeFiles(folder.path, { "d/a.png": "", "f/a/deep/x.png": "" });
    expect(await complaint(listFolder(), folder.path)).toBe(
      "d: holds no folder; it should hold a folder a class",
    );
    expect(await complaint(listFolder("d/a.png"), folder.path)).toBe("d/a.png: cannot be read as a folder");
    mkdirSync(join(folder.path, `f/a${"/x".repeat(40)}`), { recursive: true });
    expect(await complaint(listFolder("f"), folder.path)).toMatch(/^f\/a[/x]+: lies over 32 folders deep$/u);
  });
});
