// Paths in the commands that messages tell to run.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellWord } from "../../src/errors/shell-words.ts";

test("a path without blanks stays as it is", () => {
  for (const path of ["runs/first", "./a-b_c.jsonl", "C:\\runs\\first", "Läufe/eins"])
    expect(shellWord(path)).toBe(path);
});

test.skipIf(process.platform === "win32")("a shell reads every path back as it was", () => {
  for (const path of ["my runs/first", "it's", "a$HOME`b`", 'two "words"', "*", "~", "", "a\nb"]) {
    expect(execFileSync("sh", ["-c", `printf %s ${shellWord(path)}`], { encoding: "utf8" })).toBe(path);
  }
});
