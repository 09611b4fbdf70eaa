// A run whose device is lost on the way ends as one whose device stayed, bit for bit, wherever that was.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeviceLostError } from "../../src/errors/errors.ts";
import { beginRun, resumeRun, type RunOptions } from "../../src/runs/run-start.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { twoSites } from "../cli/two-sites.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { useLosses } from "../lost-devices.ts";

const losses = useLosses();
const folder = temporaryFolder();
afterAll(folder.remove);

const manifest = join(folder.path, "sites.yaml");
const train = "batch: 8, epochs: 3, warmupEpochs: 1, ema: 0.9";
beforeAll(() => {
  writeFileSync(manifest, twoSites({ images: 24, tested: 16, train }));
});
const options = (out: string, given: Partial<RunOptions> = {}): RunOptions => ({
  ...{ dataRoot: folder.path, out: join(folder.path, out), device: "webgpu", seed: 3 },
  ...{ cache: join(folder.path, "cache"), tuning: "none", ...given },
});
const bytes = (out: string, file: string): Buffer => readFileSync(join(folder.path, out, file));

const run = async (out: string, given: Partial<RunOptions> = {}): Promise<string[]> => {
  const warnings: string[] = [];
  await trainRun(await beginRun(manifest, options(out, given)), { warn: (line) => warnings.push(line) });
  return warnings;
};
const expectSame = (out: string): void => {
  for (const file of ["metrics.jsonl", "model.safetensors", "test-predictions.csv"]) {
    expect(bytes(out, file).equals(bytes("whole", file)), `${file} of ${out}`).toBe(true);
  }
};

describe("on the way", () => {
  let submits = 0;

  test("undisturbed", async () => {
    expect(await run("whole")).toEqual([]);
    expect(losses.submits).toHaveLength(1);
    [submits] = losses.submits;
    expect(submits).toBeGreaterThan(40);
  });

  // From the first step to the last picture of the report.
  test.each([0.02, 0.15, 0.4, 0.6, 0.8, 0.9, 0.97, 0.995])("lost after %f of its work", async (share) => {
    losses.plan = [Math.max(1, Math.round(share * submits))];
    const out = `lost-${share}`;
    const warnings = await run(out);
    expect(losses.submits).toHaveLength(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^warning: the device ".+" was destroyed.*: (goes on after|the run has no checkpoint yet)/u,
    );
    expectSame(out);
  });

  test("lost again while it catches up, and once more further on", async () => {
    losses.plan = [Math.round(0.5 * submits), 3, Math.round(0.4 * submits)];
    await run("thrice", { checkpointEvery: { steps: 2 } });
    expect(losses.submits.length).toBeGreaterThanOrEqual(3);
    expectSame("thrice");
  });
});

test("three devices lost without a checkpoint between them end it, and it goes on by hand", async () => {
  losses.plan = [6, 6, 6];
  const out = join(folder.path, "given-up");
  const failed = run("given-up");
  await expect(failed).rejects.toThrow(DeviceLostError);
  await expect(failed).rejects.toThrow(
    /^3 devices were lost one after the other without getting any further: .*; when it works again, go on with --resume /u,
  );
  expect(existsSync(join(out, "summary.json"))).toBe(false);
  await trainRun(await resumeRun(out, { cache: join(folder.path, "cache") }));
  expectSame("given-up");
});
