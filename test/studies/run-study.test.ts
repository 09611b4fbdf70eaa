// Carrying a study out: runs share what they should, finished ones are used again, a stopped one goes on bit for bit.

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assemblyOf } from "../../src/studies/planned-run.ts";
import { runStudy, type StudyListener } from "../../src/studies/run-study.ts";
import { budgetOfRun, inSteps, runsOf } from "../../src/studies/runs-of-plan.ts";
import type { RunResult } from "../../src/studies/study-run.ts";
import { costOf } from "../../src/studies/cost.ts";
import { planStudy } from "../../src/studies/plan-study.ts";
import { StudyFolder, type StudyRecord } from "../../src/studies/study-folder.ts";
import { withArms, type StudyPlan } from "../../src/studies/study-plan.ts";
import type { StudyStore } from "../../src/studies/run-study.ts";
import { findingNames } from "../../src/data/phantoms/phantom-names.ts";
import type { Assembly } from "../../src/data/assembly/assembly.ts";
import { useEngine } from "../engines.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";
import { smallSettings } from "../assemble/settings.ts";
import { context, full, given, images, settings } from "./two-sites.ts";

const plan = withArms(planStudy("overlap", context), ["single", "both", "full"]);

const record = (changes: object = {}, text = "classes: []"): StudyRecord => ({
  ...{ study: "overlap", manifest: { file: "m.yaml", text } },
  settings: { ...settings, ...changes },
});

describe("runs of a study", () => {
  const open = useEngine({ device: "webgpu" });
  const another = useEngine({ device: "webgpu" });
  const never = new AbortController().signal;

  interface Told {
    readonly complete: boolean;
    readonly results: RunResult[];
    readonly trained: string[];
    readonly reused: string[];
    readonly losses: Map<string, number[]>;
  }

  interface Chosen {
    readonly with_?: typeof settings;
    readonly of?: typeof plan;
    readonly seeds?: number[];
    readonly where?: string;
    readonly signal?: AbortSignal;
    /** Runs two at a time. */
    readonly twice?: boolean;
    readonly stop?: (name: string, step: number) => boolean;
  }

  async function run(
    folder: StudyStore,
    {
      with_ = settings,
      of = plan,
      seeds = [0, 1],
      where = "here",
      signal = never,
      stop,
      twice = false,
    }: Chosen = {},
  ): Promise<Told> {
    const told: Told = { complete: false, results: [], trained: [], reused: [], losses: new Map() };
    const listener: StudyListener = {
      begin: ({ planned, seed }) => ({
        step: ({ step, losses }) => {
          const name = `${planned.name} ${seed}`;
          told.losses.set(name, [...(told.losses.get(name) ?? []), losses.total]);
          stop?.(name, step);
        },
      }),
      end: ({ planned, seed }, result, reused) => {
        told.results.push(result);
        told[reused ? "reused" : "trained"].push(`${planned.name} ${seed}`);
      },
    };
    const runs = runsOf(of, seeds, with_);
    const images_ = (seed: number) => Promise.resolve({ images, digest: `images ${seed}` });
    const engines = twice ? [open(), another()] : [open()];
    const complete = await runStudy(engines, runs, images_, where, folder, listener, signal);
    return { ...told, complete };
  }

  async function study(): Promise<StudyFolder> {
    const folder = new StudyFolder(join(temporaryFolder(), "study"), "overlap");
    await folder.begin(record());
    return folder;
  }
  const all = [0, 1].flatMap((seed) =>
    ["single-phantoms A", "single-phantoms B", "both", "full"].map((name) => `${name} ${seed}`),
  );
  const inOrder = (results: readonly RunResult[]): RunResult[] =>
    results.toSorted((a, b) => a.seed - b.seed || a.run.localeCompare(b.run));
  const figures = (results: readonly RunResult[]): unknown => results.map(({ seconds: _, ...rest }) => rest);

  test("are each done once; finished ones are used again, others by what changed", async () => {
    const folder = await study();
    const first = await run(folder);
    expect([first.complete, first.trained, first.reused]).toEqual([true, all, []]);
    for (const { auc, steps } of first.results) {
      expect(Object.keys(auc)).toEqual([...findingNames]);
      expect(steps).toBe(6);
    }
    const again = await run(folder);
    expect([again.trained, again.reused]).toEqual([[], all]);
    expect(again.results).toEqual(first.results);
    // A third seed, and a study without its first: what is there is used.
    expect((await run(folder, { seeds: [1, 2] })).trained).toEqual(
      all.slice(0, 4).map((name) => name.replace(/0$/, "2")),
    );
    expect((await run(folder, { where: "another device" })).reused).toEqual([]);
    await run(folder); // writes its own again
    expect((await run(folder, { with_: { ...settings, learningRate: 2e-3 } })).reused).toEqual([]);
    // What a finished run says is believed only whole.
    await run(folder);
    const runs = join(folder.path, "runs");
    writeFileSync(join(runs, "both-seed0.json"), "{");
    expect((await run(folder)).trained).toEqual(["both 0"]);
    const names = readdirSync(runs);
    expect(names.filter((name) => !/\.(json|csv)$/.test(name))).toEqual([]);
    expect(names.filter((name) => name.endsWith(".csv"))).toHaveLength(names.length / 2);
    folder.close();
  });

  const arms = (...names: string[]): StudyPlan => withArms(planStudy("overlap", context), names);

  test("of a seed share images, initialisation and order: where arms do not differ yet, neither do their losses", async () => {
    const losses = new Map<string, number[]>();
    for (const name of ["partial-bce", "pseudo", "both"]) {
      const folder = await study();
      for (const [of, values] of (await run(folder, { of: arms(name) })).losses) losses.set(of, values);
      folder.close();
    }
    const of = (name: string): number[] => losses.get(name) ?? [];
    expect(of("both 0")).toHaveLength(6);
    expect(of("both 0").slice(0, 3)).toEqual(of("partial-bce 0").slice(0, 3));
    expect(of("pseudo 0").slice(0, 3)).toEqual(of("partial-bce 0").slice(0, 3));
    expect(of("both 0")[4]).not.toBe(of("partial-bce 0")[4]);
    expect(of("both 1")[0]).not.toBe(of("both 0")[0]);
  });

  test("are the same two at a time, each done once", async () => {
    const of = arms("single", "partial-bce", "pseudo", "both", "full");
    const [one, two] = [await study(), await study()];
    const expected = await run(one, { of });
    const found = await run(two, { of, twice: true });
    expect(found.complete).toBe(true);
    expect(found.trained.toSorted()).toEqual(expected.trained.toSorted());
    expect(figures(inOrder(found.results))).toEqual(figures(inOrder(expected.results)));
    // Nobody begins a warm-up that another is at.
    const steps = ["partial-bce", "pseudo", "both"].map((name) => found.losses.get(`${name} 0`)?.length);
    expect(steps).toEqual([6, 3, 3]);
    one.close();
    two.close();
  });

  test("are all stopped by one that fails, and go on", async () => {
    const folder = await study();
    const of = arms("single", "partial-bce", "full");
    const failing = run(folder, {
      of,
      twice: true,
      stop: (name, step) => {
        if (name === "partial-bce 0" && step === 2) throw new Error("no more");
        return true;
      },
    });
    await expect(failing).rejects.toThrow("no more");
    const rest = await run(folder, { of, twice: true });
    expect(rest.complete).toBe(true);
    expect(rest.results).toHaveLength(8);
    const whole = await study();
    const expected = await run(whole, { of });
    expect(figures(inOrder(rest.results))).toEqual(figures(inOrder(expected.results)));
    folder.close();
    whole.close();
  });

  test("cost less where another takes the warm-up, and no warm-up is shared where there is none", () => {
    const views = (changed: Partial<typeof settings>): number[] =>
      runsOf(arms("partial-bce", "pseudo", "both", "full"), [0], { ...settings, ...changed }).map((run) => {
        const { budget, batch } = budgetOfRun(run, assemblyOf(run.planned, images));
        return costOf(run.settings, budget, batch, run.warmUp?.isFirst === false).views / batch;
      });
    expect(views({})).toEqual([6, 3, 6, 6]);
    expect(views({ warmupSteps: 0 })).toEqual([6, 6, 12, 6]);
    const alone = runsOf(arms("partial-bce", "both"), [0, 1], { ...settings, warmupSteps: 0 });
    expect(alone.map(({ warmUp }) => warmUp)).toEqual([undefined, undefined, undefined, undefined]);
  });

  // The warm-up ends within an epoch, and with one.
  test.each([3, 4])(
    "take a warm-up of %i steps once, and end as if each had its own",
    async (warmupSteps) => {
      const with_ = { ...settings, warmupSteps };
      const names = ["partial-bce", "pseudo", "both", "full"];
      const [together, apart] = [await study(), await study()];
      const { results, losses } = await run(together, { of: arms(...names), with_ });
      expect(names.map((name) => losses.get(`${name} 1`)?.length)).toEqual([
        6,
        6 - warmupSteps,
        6 - warmupSteps,
        6,
      ]);
      const alone: RunResult[] = [];
      for (const name of names) alone.push(...(await run(apart, { of: arms(name), with_ })).results);
      const bySeed = alone.toSorted((a, b) => a.seed - b.seed);
      expect(figures(results)).toEqual(figures(bySeed));
      // Where the one that took it is there already, the next one does.
      rmSync(join(together.path, "runs", "pseudo-seed0.json"));
      rmSync(join(together.path, "runs", "both-seed0.json"));
      const again = await run(together, { of: arms(...names), with_ });
      expect(["pseudo 0", "both 0"].map((name) => again.losses.get(name)?.length)).toEqual([
        6,
        6 - warmupSteps,
      ]);
      expect(figures(again.results)).toEqual(figures(results));
      together.close();
      apart.close();
    },
  );

  test.each([
    ["one at a time", false],
    ["two at a time", true],
  ])("%s that are stopped go on from where they were and end as if they had not been", async (_, twice) => {
    const whole = await study();
    const expected = await run(whole);
    const folder = await study();
    const controller = new AbortController();
    const part = await run(folder, {
      twice,
      signal: controller.signal,
      stop: (name, step) => {
        if (name === "both 0" && step === 2) controller.abort();
        return true;
      },
    });
    expect(part.complete).toBe(false);
    // Of two at a time, either of those before it may be the one that is finished.
    expect(part.trained).not.toEqual([]);
    expect(part.trained).not.toContain("both 0");
    const rest = await run(folder, { twice });
    expect(rest.reused.toSorted()).toEqual(part.trained.toSorted());
    expect(figures(inOrder(rest.results))).toEqual(figures(inOrder(expected.results)));
    expect((rest.losses.get("both 0") ?? []).length).toBeLessThan(6);
    whole.close();
    folder.close();
  });

  test("that stop at the end of a warm-up give it on all the same, and their time counts from its beginning", async () => {
    const of = arms("partial-bce", "pseudo");
    const [whole, folder] = [await study(), await study()];
    const expected = await run(whole, { of, seeds: [0] });
    const controller = new AbortController();
    const atItsEnd = (name: string, step: number): boolean => {
      if (name === "partial-bce 0" && step === settings.warmupSteps) controller.abort();
      return true;
    };
    await run(folder, { of, seeds: [0], signal: controller.signal, stop: atItsEnd });
    const earlier = 1000;
    const late: StudyStore = {
      read: (...which) => folder.read(...which),
      write: (...what) => folder.write(...what),
      save: (...what) => folder.save(...what),
      saved: async (...which) => {
        const begun = await folder.saved(...which);
        return begun && { ...begun, seconds: begun.seconds + earlier };
      },
    };
    const rest = await run(late, { of, seeds: [0] });
    expect(["partial-bce 0", "pseudo 0"].map((name) => rest.losses.get(name)?.length)).toEqual([3, 3]);
    expect(figures(rest.results)).toEqual(figures(expected.results));
    const [resumed, other] = rest.results.map(({ seconds }) => seconds);
    expect(resumed).toBeGreaterThanOrEqual(earlier);
    expect(other).toBeLessThan(earlier);
    whole.close();
    folder.close();
  });

  test("a folder is one study's, and one process's", async () => {
    const folder = await study();
    expect(() => new StudyFolder(folder.path, "overlap")).toThrow(/writes a run there now/);
    folder.close();
    expect(() => new StudyFolder(folder.path, "disjoint")).toThrow(
      /holds study overlap; name another folder/,
    );
    expect(() => new StudyFolder(folder.path, "overlap")).not.toThrow();
    const other = (changes: object, text?: string) =>
      new StudyFolder(folder.path, "overlap").begin(record(changes, text));
    await expect(other({ steps: 9 })).rejects.toThrow(
      /holds this study with other settings \(steps 6, now 9\); name another folder, so that its runs are not lost/,
    );
    await expect(other({}, "classes: [a]")).rejects.toThrow(/with another manifest/);
    const preset = new StudyFolder(folder.path, "overlap").begin({
      ...record({ steps: 9 }),
      preset: "paper",
    });
    await expect(preset).rejects.toThrow(/with another preset \(null, now "paper"\)/);
    rmSync(join(folder.path, "study.json"));
    expect(() => new StudyFolder(folder.path, "overlap")).toThrow(/holds something that is no study/);
    // Its scores say what it is, too.
    writeFileSync(join(folder.path, "scores.json"), JSON.stringify({ study: "overlap" }));
    expect(() => new StudyFolder(folder.path, "overlap")).not.toThrow();
    rmSync(join(folder.path, "scores.json"));
    writeFileSync(join(folder.path, "file"), "");
    expect(() => new StudyFolder(join(folder.path, "file"), "overlap")).toThrow(/is a file; name a folder/);
  });
});

test("a run learns from its sources, classes and labels alone, and is tested on its classes", () => {
  // Other labels than those given: no arm is judged by them.
  const test = { ...full.test, states: full.test.states.map((state) => (state === 1 ? 0 : 1)) };
  const one = assemblyOf({ labels: "given", sources: ["phantoms B"], scoredClasses: findingNames }, images);
  expect(one.sources).toEqual([given.sources[1]]);
  const two = assemblyOf(
    { labels: "full", classes: [findingNames[1], findingNames[5]], scoredClasses: [findingNames[5]] },
    { given, full: { ...full, validation: full.test, test } },
  );
  expect(two.classes).toEqual([findingNames[1], findingNames[5]]);
  const column = (set: Assembly["test"], k: number, width: number): number[] =>
    Array.from({ length: set.count }, (_, i) => set.states[i * width + k]);
  expect(column(two.test, 1, 2)).toEqual(column(given.test, 5, 6));
  expect(column(two.sources[0], 0, 2)).toEqual(column(full.sources[0], 1, 6));
  // Nobody is judged by what he never learned.
  const { validation } = two;
  if (validation === undefined) throw new Error("validation is gone");
  expect(new Set(column(validation, 0, 2))).toEqual(new Set([255]));
  expect(column(validation, 1, 2)).toEqual(column(full.test, 5, 6));
});

test("runs are counted in steps, with the epochs of the whole assembly: one source alone takes as many", () => {
  const counted = inSteps({ ...smallSettings, batch: 8, epochs: 5, warmupEpochs: 2 }, given);
  expect(counted).toMatchObject({ steps: 15, warmupSteps: 6, stepsPerEpoch: 3 });
  const of = withArms(planStudy("overlap", { ...context, settings: counted }), ["single", "both"]);
  for (const run of runsOf(of, [0], counted)) {
    const { budget } = budgetOfRun(run, assemblyOf(run.planned, images));
    expect(budget).toEqual({ steps: 15, warmup: 6, stepsPerEpoch: 3, epochs: 5 });
  }
});
