// The example of a kernel alone, run as a user would: in a process of its own, on the built package.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = fileURLToPath(new URL("../../examples/kernel-in-plain-webgpu/filters.mjs", import.meta.url));

test("the example shows the edges of its picture and agrees with a plain loop", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [example], { cwd: root });
  const lines = stdout.trim().split("\n");
  expect(lines.filter((line) => /^[.#]+$/.test(line)).length).toBe(26);
  expect(lines.some((line) => line.includes("#"))).toBe(true);
  const [, worst = ""] = /largest difference from a plain loop (\S+)/.exec(lines.at(-1) ?? "") ?? [];
  expect(Number(worst)).toBeLessThan(1e-5);
  expect(Number(worst), "f32 rounds somewhere").toBeGreaterThan(0);
});

test("the example takes nothing of the package but its kernels", () => {
  const imports = [...readFileSync(example, "utf8").matchAll(/(?:from |import\()"(.*?)"/g)];
  expect(imports.map(([, name]) => name).sort()).toEqual(["@tessera-gpu/tessera/kernels", "webgpu"]);
});
