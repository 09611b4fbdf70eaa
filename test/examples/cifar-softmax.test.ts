// The example of a task of one's own, run as a user would: on files like CIFAR-10's, stopped, resumed and reported.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = join(root, "examples", "cifar-softmax", "train.mjs");
const folder = temporaryFolder();
afterAll(folder.remove);
const run = promisify(execFile);

/** Records of CIFAR-10: the class of an image is how bright it is. */
function records(count: number, seed: number): Uint8Array {
  const random = randomStream(seed, "cifar");
  const bytes = new Uint8Array(count * 3073);
  for (let record = 0; record < count; record++) {
    const label = record % 10;
    bytes[record * 3073] = label;
    for (let i = 1; i < 3073; i++) bytes[record * 3073 + i] = 20 * label + random.below(60);
  }
  return bytes;
}
mkdirSync(join(folder.path, "cifar10"));
const write = (name: string, bytes: Uint8Array): void =>
  writeFileSync(join(folder.path, "cifar10", name), gzipSync(bytes));
write("data_batch_1_first4000.bin.gz", records(400, 1));
write("test_batch_first1000.bin.gz", records(70, 2));

const train = async (out: string, ...words: string[]): Promise<string> => {
  const { stdout } = await run(process.execPath, [example, folder.path, join(folder.path, out), ...words], {
    cwd: root,
    env: { ...process.env, TESSERA_CACHE: folder.path },
  });
  return stdout;
};

test("trains, goes on where a killed run was, to the same file of weights, and has a report", async () => {
  const shown = await train("whole", "3");
  const [, accuracy = ""] = /accuracy (\S+) after 3 epochs/.exec(shown) ?? [];
  expect(Number(accuracy)).toBeGreaterThan(0.3);

  const killed = run(process.execPath, [example, folder.path, join(folder.path, "cut"), "3"], { cwd: root });
  killed.child.stdout?.on("data", (text) => {
    if (/epoch: 2/.test(String(text))) killed.child.kill("SIGKILL");
  });
  await expect(killed).rejects.toThrow();
  await train("cut", "3", "--resume");
  const weights = (name: string): Buffer => readFileSync(join(folder.path, name, "model.safetensors"));
  expect(weights("cut").equals(weights("whole"))).toBe(true);

  await run(process.execPath, [join(root, "dist", "cli", "main.js"), "report", join(folder.path, "whole")]);
  const page = readFileSync(join(folder.path, "whole", "report.html"), "utf8");
  expect(page).toMatch(/cifar-softmax/);
  expect(page).toMatch(/accuracy/i);
});

test("is shorter than 80 lines", () => {
  expect(readFileSync(example, "utf8").split("\n").length).toBeLessThan(80);
});
