// The short form of proofs that have commands of their own (docs/promises.md).

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { samples } from "../../scripts/prove-formats/samples.mjs";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { root } from "../docs/markdown.ts";

const proof = async (script: string, ...options: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "scripts", script), ...options]);
  return stdout;
};

test.each(["images", "texts"])(
  "a run of %s that is killed, and one that loses devices, end as one that was left alone",
  async (subject) => {
    const shown = await proof("prove-survival.mjs", "--only", subject, "--kills", "1", "--losses", "1");
    expect(shown).toMatch(/: 1 runs that were killed, \d+ times in all: 0 of them failed/u);
    expect(shown).toMatch(/passed\n$/u);
  },
);

test("two processes that join a study, of which one is killed, find what one finds", async () => {
  const shown = await proof("prove-join.mjs", "--processes", "2", "--kills", "1", "--seeds", "1");
  expect(shown).toMatch(/passed\n$/u);
});

test("a program ends with its own exit code, whichever way it ends", async () => {
  expect(await proof("prove-exit.mjs", "3")).toMatch(/^3 runs in \d+ s: 0 ended with another exit code$/mu);
});

test("damaged copies of a file are told by one line, and the samples of every format are whole", async () => {
  expect(await proof("prove-formats.mjs", "--copies", "6", "--only", "chexpert")).toMatch(/passed\n$/u);
  const manifests = Object.values(samples).flatMap(({ manifest }) => manifest ?? []);
  expect(manifests.length).toBeGreaterThan(30);
  for (const manifest of manifests) expect(() => parseManifest(manifest, "sample.yaml")).not.toThrow();
});
