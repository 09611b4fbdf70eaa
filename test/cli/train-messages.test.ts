// What a person is told before training starts, and after it.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runBuilt, workingFolder } from "./built.ts";

const folder = workingFolder();
const told = async (section: string): Promise<string> => {
  writeFileSync(
    join(folder, "run.yaml"),
    `
classes: [nodule, effusion]
image: { height: 16, width: 16 }
sources:
  - { name: A, format: phantoms, site: A, count: 16, knows: [nodule] }
  - { name: B, format: phantoms, site: B, count: 16, knows: [effusion] }
test: { format: phantoms, site: both, count: 20 }
model: { stem: { features: 6, stride: 2 }, blocks: [1], growth: 4 }
train: ${section}
`,
  );
  const { code, errors } = await runBuilt(folder, [
    ...["train", "run.yaml", "--data-root", ".", "--out", "run", "--force", "--device", "reference"],
  ]);
  expect(code).toBe(0);
  return errors;
};

test("that warm-up takes the whole run, where the unsupervised losses were to have a weight", async () => {
  const warning = /warning: warm-up takes the whole run.*never join in.*warmupEpochs/;
  // The preset's warm-up is of 20 epochs.
  expect(await told("{ preset: small, batch: 16, epochs: 2 }")).toMatch(warning);
  expect(await told("{ preset: small, batch: 16, epochs: 2, warmupEpochs: 1 }")).not.toMatch(warning);
  const supervised = "{ batch: 16, epochs: 1, warmupEpochs: 1, lambdaPseudo: 0, lambdaConsistency: 0 }";
  expect(await told(supervised)).not.toMatch(warning);
}, 60_000);

test("what the learning rate follows, where it follows anything", async () => {
  const follows =
    /no validation images: the learning rate follows the supervised training loss, nothing stops/;
  expect(await told("{ batch: 16, epochs: 1 }")).toMatch(follows);
  expect(await told("{ batch: 16, epochs: 1, schedule: constant }")).toMatch(
    /no validation images: nothing stops the run early/,
  );
}, 60_000);

test("how to go on, when Ctrl-C comes while the thread is held between two works that can be stopped", async () => {
  const signals = new URL("../../dist/cli/terminal/signals.js", import.meta.url).href;
  const script = `
    const { sayWhenStopped, untilInterrupted } = await import(${JSON.stringify(signals)});
    await untilInterrupted(async () => undefined);
    sayWhenStopped("go on with this");
    process.stdout.write("held");
    for (const start = Date.now(); Date.now() - start < 300; );
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    process.stdout.write("not stopped");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let [output, errors] = ["", ""];
  child.stdout.on("data", (data) => {
    output += String(data);
    child.kill("SIGINT");
  });
  child.stderr.on("data", (data) => (errors += String(data)));
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, output, errors]).toEqual([130, "held", "go on with this\n"]);
}, 60_000);
