// What is said of a path that leads outside, and of a file that is not there.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missingImage, nearName, nearPath } from "../../src/files/near-files.ts";
import { whyOutside } from "../../src/files/path-text.ts";
import { belowRoot } from "../../src/files/paths.ts";
import { temporaryFolder, writeFiles } from "../data/formats/list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (path: string): string => join(folder.path, path);

beforeAll(() => {
  writeFiles(folder.path, {
    "Images/Lung_01.PNG": "",
    "Images/lung_02.jpg": "",
    "Images/chest.png": "",
    "Images/Thumbs.db": "",
    "tables/labels.csv": "",
  });
});

describe("an image that is not there", () => {
  test("is met with the name that differs in capitals, in its ending or by a letter", async () => {
    expect(await missingImage(at("Images/lung_01.png"), [".png", ".jpg"])).toBe(
      '; did you mean "Lung_01.PNG"?',
    );
    expect(await missingImage(at("Images/lung_02.png"), [".png", ".jpg"])).toBe(
      '; did you mean "lung_02.jpg"?',
    );
    expect(await missingImage(at("Images/chesst.png"), [".png", ".jpg"])).toBe('; did you mean "chest.png"?');
  });

  test("is not met with one of another number, nor with what systems leave behind", async () => {
    expect(await missingImage(at("Images/lung_03.png"), [".png", ".jpg"])).toBe("");
    expect(await missingImage(at("Images/thumbs.png"), [".png", ".jpg"])).toBe("");
  });

  test("whose table leaves out the ending is told the field", async () => {
    expect(await missingImage(at("Images/chest"), [".png", ".jpg"])).toBe(
      ", but chest.png does; for a table, write suffix: .png in the manifest",
    );
  });

  test("in a folder that is not there is told that, with the folder that is near", async () => {
    expect(await missingImage(at("Image/sub/a.png"), [".png", ".jpg"])).toBe(
      `: there is no folder ${at("Image")}; did you mean "Images"?`,
    );
  });
});

test("a path is mended name by name, or not at all", async () => {
  expect(await nearPath(folder.path, "images/chest.png")).toBe("Images/chest.png");
  expect(await nearPath(folder.path, "table/label.csv")).toBe("tables/labels.csv");
  expect(await nearPath(folder.path, "something/else.csv")).toBeUndefined();
  expect(await nearPath("", at("table"))).toBe(at("tables"));
  expect(await nearName(at("tables"), "labels.CSV")).toBe("labels.csv");
});

describe("a path of a table", () => {
  test("with backslashes is read with slashes, unless a file is called so", () => {
    expect(belowRoot("/data", "sub\\a.png")).toBe("/data/sub/a.png");
    expect(belowRoot("/data", ".\\sub\\..\\a.png")).toBe("/data/a.png");
    writeFileSync(at("odd\\name.png"), "");
    expect(belowRoot(folder.path, "odd\\name.png")).toBe(at("odd\\name.png"));
    expect(belowRoot(folder.path, "odd\\other.png")).toBe(at("odd/other.png"));
  });

  test("that leads elsewhere is refused, and named for what it is", () => {
    const odd: readonly (readonly [string, string])[] = [
      ["C:\\data\\a.png", "is the path of a Windows drive"],
      ["c:a.png", "is the path of a Windows drive"],
      ["\\\\server\\share\\a.png", "is the path of a network share"],
      ["\\a.png", "is an absolute path"],
      ["/data/a.png", "is an absolute path"],
      ["sub\\..\\..\\a.png", "leads out of it by .."],
      ["a\0.png", "holds a NUL character"],
    ];
    for (const [path, why] of odd) {
      expect(belowRoot("/data", path)).toBeUndefined();
      expect(whyOutside(path)).toBe(why);
    }
    expect(whyOutside("sub\\a.png")).toBeUndefined();
  });
});
