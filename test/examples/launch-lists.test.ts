// The example of launch lists without an engine, run as a user would: in a process of its own, on the built package.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = fileURLToPath(new URL("../../examples/launch-lists/convolution.mjs", import.meta.url));

test("a convolution and both gradients agree with a plain loop, by launch lists with scratch buffers", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [example], { cwd: root });
  const lines = stdout.trim().split("\n");
  expect(lines.slice(0, -1).map((line) => line.split(" ")[0])).toEqual([
    "conv2d",
    "conv2dInputGradient",
    "conv2dWeightGradient",
  ]);
  // Several launches hand each other what is in scratch buffers.
  for (const line of lines.slice(0, -1)) expect(line.split(", ").length).toBeGreaterThan(1);
  const [, count = "", worst = ""] =
    /^(\d+) values, largest difference from a plain loop (\S+)$/.exec(lines.at(-1) ?? "") ?? [];
  expect(Number(count)).toBe(4 * 15 * 14 * 30 + 4 * 29 * 27 * 22 + 9 * 22 * 30);
  expect(Number(worst)).toBeLessThan(1e-5);
  expect(Number(worst), "f32 rounds somewhere").toBeGreaterThan(0);
});

test("the example takes nothing of the package but its operators", () => {
  const imports = [...readFileSync(example, "utf8").matchAll(/(?:from |import\()"(.*?)"/g)];
  expect(imports.map(([, name]) => name).sort()).toEqual(["@tessera-gpu/tessera/operators", "webgpu"]);
});
