// A study whose devices are lost on the way has the figures of one whose device stayed.

import { join } from "node:path";
import { expect, test } from "vitest";
import { LastingEngine } from "../../src/runtime/lasting-engine.ts";
import { planStudy } from "../../src/studies/plan-study.ts";
import { runStudy } from "../../src/studies/run-study.ts";
import { runsOf } from "../../src/studies/runs-of-plan.ts";
import { StudyFolder } from "../../src/studies/study-folder.ts";
import type { RunResult } from "../../src/studies/study-run.ts";
import { withArms } from "../../src/studies/study-plan.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";
import { useLosses } from "../lost-devices.ts";
import { context, images, settings } from "./two-sites.ts";

const losses = useLosses();
const plan = withArms(planStudy("overlap", context), ["single", "both"]);
const never = new AbortController().signal;

async function study(losing: readonly number[], lost?: () => void): Promise<RunResult[]> {
  losses.plan = losing;
  losses.submits.length = 0;
  const folder = new StudyFolder(join(temporaryFolder(), "study"), "overlap");
  await folder.begin({
    study: "overlap",
    manifest: { file: "m.yaml", text: "classes: []" },
    settings: { ...settings },
  });
  using first = await LastingEngine.open({ device: "webgpu" }, { lost });
  using second = await LastingEngine.open({ device: "webgpu" }, { lost });
  const results: RunResult[] = [];
  const listener = {
    begin: () => ({}),
    end: (_: unknown, result: RunResult) => void results.push(result),
  };
  const loaded = (seed: number) => Promise.resolve({ images, digest: `images ${seed}` });
  const complete = await runStudy(
    [first, second],
    runsOf(plan, [0], settings),
    loaded,
    "here",
    folder,
    listener,
    never,
  );
  expect(complete).toBe(true);
  return results.toSorted((a, b) => a.run.localeCompare(b.run));
}

const figures = (results: readonly RunResult[]): unknown => results.map(({ seconds: _, ...rest }) => rest);

test("runs go on, on two engines at a time", async () => {
  const whole = await study([]);
  const [submits] = losses.submits;
  let told = 0;
  // Each of the first two is lost, and the first one's successor in its second run.
  const disturbed = await study(
    [Math.round(0.2 * submits), Math.round(0.4 * submits), Math.round(0.6 * submits)],
    () => told++,
  );
  expect(told).toBeGreaterThanOrEqual(2);
  expect(figures(disturbed)).toEqual(figures(whole));
});
