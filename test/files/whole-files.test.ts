// What is said of a file that cannot be written.
import { expect, test } from "vitest";
import { notWritten, whyNotWritten } from "../../src/files/whole-files.ts";

const failure = (code: string): Error => Object.assign(new Error(`${code}: told by the system`), { code });

test.each([
  ["ENOSPC", 20_000, "the disk is full: 20 KiB are needed here"],
  ["EDQUOT", 3 * 2 ** 20, "the disk is full: 3.0 MiB are needed here"],
  ["ENOSPC", undefined, "the disk is full"],
  ["EROFS", 20_000, "is on a read-only disk"],
  ["EACCES", 20_000, "may not be written to"],
  ["ENOENT", 20_000, "cannot be written: its folder is gone, or makes no files"],
  ["EIO", 20_000, "cannot be written (EIO: told by the system)"],
])("%s of %s bytes", (code, bytes, told) => {
  expect(whyNotWritten(failure(code), bytes)).toBe(told);
});

test("to make room is advised where that is what is missing, and nowhere else", () => {
  expect(notWritten(failure("ENOSPC"), undefined, "go elsewhere")).toBe(
    "the disk is full; make room there, or go elsewhere",
  );
  expect(notWritten(failure("EROFS"), undefined, "go elsewhere")).toBe(
    "is on a read-only disk; go elsewhere",
  );
});
