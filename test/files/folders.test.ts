// Folders to write into: made one by one, or refused with what is in the way.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeFolders, whyNoFolder } from "../../src/files/folders.ts";
import { temporaryFolder, writeFiles } from "../data/formats/list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (path: string): string => join(folder.path, path);
writeFiles(folder.path, { afile: "x" });

describe("a folder to write into", () => {
  test("is made with those above it, and may be there already", () => {
    expect(whyNoFolder(at("a b/ü/deep"))).toBeUndefined();
    expect(existsSync(at("a b"))).toBe(false);
    for (let twice = 0; twice < 2; twice++) {
      makeFolders(at("a b/ü/deep"));
      expect(statSync(at("a b/ü/deep")).isDirectory()).toBe(true);
    }
  });

  test("is refused where a file is in its way, which is named", () => {
    expect(whyNoFolder(at("afile"))).toBe("is a file; name a folder");
    expect(whyNoFolder(at("afile/below/deep"))).toBe(`${at("afile")} is a file, not a folder`);
    expect(() => {
      makeFolders(at("afile/below"));
    }).toThrow(`${at("afile")} is a file, not a folder`);
  });

  test.runIf(existsSync("/proc/self/stat"))(
    "is refused, and not waited for, where the system makes none",
    () => {
      const why = "/proc is the system's own, and takes no files; name another folder";
      expect(whyNoFolder("/proc/tessera/run")).toBe(why);
      expect(() => {
        makeFolders("/proc/tessera/run");
      }).toThrow(why);
    },
  );
});
