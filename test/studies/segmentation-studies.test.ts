// Studies of segmentation: their arms, what each arm learns from, and that they are judged by pixels and by patients.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { background, ignored } from "../../src/labels/label-map.ts";
import { absent } from "../../src/labels/states.ts";
import { analyse, furtherAnalyses } from "../../src/studies/analysis.ts";
import { fullLabelsProblem } from "../../src/studies/full-labels.ts";
import { taskOf } from "../../src/assemble/tasks.ts";
import { keyOf } from "../../src/studies/run-key.ts";
import { assemblyOf } from "../../src/studies/planned-run.ts";
import { runStudy } from "../../src/studies/run-study.ts";
import { inSteps, runsOf } from "../../src/studies/runs-of-plan.ts";
import { scoresSchema, scoresText } from "../../src/studies/scores.ts";
import { planStudy } from "../../src/studies/plan-study.ts";
import { StudyFolder } from "../../src/studies/study-folder.ts";
import { notesOf, pixelMeasures, withArms, type PlanContext } from "../../src/studies/study-plan.ts";
import type { RunResult } from "../../src/studies/study-run.ts";
import { studyScores } from "../../src/studies/study-scores.ts";
import { shapeAssembly, shapeClasses, shapeSet, shapeSettings } from "../assemble/shapes.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";
import { useEngine } from "../engines.ts";
import { armScores, comparing, smallStudy } from "./small-study.ts";

const context: PlanContext = {
  classes: ["1", "2", "3", "4"],
  knowledge: new Map([
    ["A", ["1", "2", "3"]],
    ["B", ["2", "3", "4"]],
  ]),
  settings: shapeSettings,
  areExclusive: true,
  margin: 0.03,
};
const own = (names: readonly { readonly name: string }[]): string[] =>
  names.map(({ name }) => name).filter((name) => !name.endsWith("+aug"));

describe("plans", () => {
  test("are judged by pixels first, then by patients; those of a classifier by the AUC alone", () => {
    for (const study of ["negatives", "overlap", "baselines"] as const) {
      expect(planStudy(study, context).measures).toEqual(pixelMeasures);
      const { task: _, ...settings } = shapeSettings;
      expect(planStudy(study, { ...context, settings })).not.toHaveProperty("measures");
    }
  });

  test("a model of one source learns the classes of that source, and no output that could take its pixels", () => {
    const [single] = planStudy("overlap", context).arms;
    expect(single.runs).toMatchObject([
      { name: "single-A", sources: ["A"], classes: ["1", "2", "3"], scoredClasses: ["1", "2", "3"] },
      { name: "single-B", sources: ["B"], classes: ["2", "3", "4"], scoredClasses: ["2", "3", "4"] },
    ]);
    const { task: _, ...settings } = shapeSettings;
    for (const run of planStudy("overlap", { ...context, settings }).arms[0].runs) {
      expect(run).not.toHaveProperty("classes");
    }
  });

  test("the marginal softmax is a baseline where all classes exclude each other, and is missed aloud where not", () => {
    const plan = planStudy("baselines", context);
    const others = ["masked-bce", "absent-negative", "partial-bce", "both", "full"];
    expect(own(plan.arms)).toEqual(["single", "marginal-softmax", ...others]);
    const [, marginal] = plan.arms;
    expect(marginal.runs[0].changes).toMatchObject({ loss: "softmax-marginal", head: { kind: "linear" } });
    expect(notesOf(plan)).toEqual([]);
    const free = planStudy("baselines", { ...context, areExclusive: false });
    expect(own(free.arms)).toEqual(["single", ...others]);
    expect(notesOf(free)).toEqual([expect.stringContaining("no arm of a marginal softmax")]);
  });

  test("a marginal softmax has one view, and so no control in which both views are taught", () => {
    const { arms, comparisons } = planStudy("baselines", context);
    const names = arms.map(({ name }) => name);
    expect([names.includes("masked-bce+aug"), names.includes("marginal-softmax+aug")]).toEqual([true, false]);
    for (const { first, second } of comparisons)
      expect(names).toEqual(expect.arrayContaining([first, second]));
    const marginal = {
      ...shapeSettings,
      loss: "softmax-marginal",
      lambdaPseudo: 0,
      lambdaConsistency: 0,
    } as const;
    expect(() => planStudy("negatives", { ...context, settings: marginal })).toThrow(
      /leave train\.loss: softmax-marginal out/u,
    );
  });

  test("that read pixels in two ways say so", () => {
    const exhaustive = { ...context, areExhaustive: true, interest: ["2"] };
    expect(notesOf(planStudy("negatives", exhaustive))).toEqual([
      expect.stringContaining("as in unnamed, cannot"),
    ]);
    const plan = withArms(planStudy("overlap", { ...context, areExhaustive: true }), ["partial-bce", "both"]);
    expect(notesOf(plan).join()).not.toContain("exhaustive");
  });

  test("negatives compares one segmenter of the classes of interest with one of all, and with a weighted one", () => {
    const plan = planStudy("negatives", { ...context, interest: ["2"] });
    expect(own(plan.arms)).toEqual(["unnamed", "named", "named-weighted"]);
    const [unnamed, named, weighted] = plan.arms;
    expect(unnamed.label).toBe("2 alone");
    expect(unnamed.runs).toMatchObject([{ name: "unnamed", classes: ["2"], scoredClasses: ["2"] }]);
    expect(named.runs[0]).not.toHaveProperty("classes");
    expect(weighted.runs[0].changes).toMatchObject({ classWeights: { 2: 3 } });
    // Two of four weigh as much as the others already.
    const half = planStudy("negatives", { ...context, interest: ["2", "4"] });
    expect(own(half.arms)).toEqual(["unnamed", "named"]);
    expect(half.arms[0].runs).toMatchObject([{ classes: ["2", "4"] }]);
  });
});

/** Three classes on a row of pixels. */
const row = (maps: number[], states: number[]): ImageSet => ({
  ...{ source: "A", count: 1, height: 1, width: maps.length, channels: 1 },
  ...{ pixels: new Uint8Array(maps.length), states: Uint8Array.from(states), maps: Uint8Array.from(maps) },
});
const classes = ["a", "b", "c"];
const given = row([0, 1, background, ignored, background], [1, 1, absent]);
const assembly = (set: ImageSet): Assembly => ({
  ...{ classes, exclusive: [[0, 1, 2]], sources: [set] },
  test: row([0, 1, 2, ignored, background], [1, 1, 1]),
});

describe("what a run learns from", () => {
  test("of some classes: their maps by their new numbers, other classes are background, and so with groups", () => {
    const run = { labels: "given", classes: ["c", "b"], scoredClasses: ["b"] } as const;
    const found = assemblyOf(run, { given: assembly(given) });
    expect(found.sources[0].maps).toEqual(Uint8Array.of(background, 1, background, ignored, background));
    expect(found.sources[0].states).toEqual(Uint8Array.of(absent, 1));
    expect(found.test.maps).toEqual(Uint8Array.of(background, 1, 0, ignored, background));
    expect(found.exclusive).toEqual([[1, 0]]);
    expect(assemblyOf({ ...run, classes: ["b"] }, { given: assembly(given) })).not.toHaveProperty(
      "exclusive",
    );
  });

  test("full labels may outline what was not outlined, and must say of all else what the given ones say", () => {
    const problem = (...maps: number[]): string | undefined =>
      fullLabelsProblem(assembly(given), assembly(row(maps, [1, 1, 1])));
    expect(problem(0, 1, 2, ignored, background)).toBeUndefined();
    expect(problem(0, 0, 2, ignored, background)).toBe(
      'with all labels, source "A" has other outlines of b.',
    );
    expect(problem(0, 1, 0, ignored, background)).toBe(
      'with all labels, source "A" has other outlines of a.',
    );
    expect(problem(0, background, 2, ignored, 2)).toMatch(/other outlines of b/u);
    expect(problem(0, 1, 2, background, background)).toMatch(/other outlines of what nobody labelled/u);
    expect(problem(0, 1, ignored, ignored, background)).toMatch(/other outlines of what nobody labelled/u);
  });
});

describe("scores", () => {
  const measured = (arm: string, ious: readonly number[]) =>
    armScores(
      arm,
      ious.map(() => 0.9),
    ).map((score, i) => ({
      ...score,
      further: {
        iou: { u: ious[i], v: ious[i] },
        dice: { u: 0.5, v: null },
        sensitivity: { u: null, v: null },
      },
    }));
  const study = smallStudy(
    [...measured("x", [0.3, 0.32, 0.31]), ...measured("y", [0.2, 0.21, 0.23])],
    [comparing("x", "y")],
    { measures: ["iou", "dice", "sensitivity"] },
  );

  test("are compared by the study's first measure, and by any other that is asked for", () => {
    const { measure, comparisons, notes } = analyse(study);
    expect(measure).toBe("iou");
    expect(comparisons[0].difference).toBeCloseTo(0.29 / 3, 12);
    expect(comparisons[0].verdict).toMatch(/^gain of 0\.0967/u);
    expect(analyse(study, "auc").comparisons[0].verdict).toMatch(/the same in each of the 3 seeds/u);
    const dice = analyse(study, "dice");
    expect(dice.groups[0]).toMatchObject({ leftOut: ["v"], values: [0.5, 0.5, 0.5] });
    expect(dice.notes).toContain('Class "v" has no Dice in any arm; means there are without it.');
    // A measure that no run has gets a sentence instead of empty tables.
    expect(notes.at(-1)).toMatch(/^No run has a sensitivity: it takes validation images/u);
    expect(furtherAnalyses(study).map((each) => each.measure)).toEqual(["dice"]);
  });

  test("give themselves back from the file; a file without measures is of the AUC, as before", () => {
    expect(scoresSchema.parse(JSON.parse(scoresText(study)))).toEqual(study);
    const { measures: _, ...before } = study;
    expect(analyse(scoresSchema.parse(JSON.parse(scoresText(before)))).measure).toBe("auc");
    expect(furtherAnalyses(before)).toEqual([]);
  });

  test("that are no shares are refused, whatever the measure", () => {
    const [first] = study.scores;
    const odd = { ...study, scores: [{ ...first, further: { iou: { u: 1.5 } } }] };
    expect(() => analyse(odd)).toThrow(
      'the score of seed 0 of arm "x": the IoU of "u" is 1.5, not in [0, 1]',
    );
  });
});

describe("a study", () => {
  const engine = useEngine({ device: "reference" });
  const shapes: Assembly = { ...shapeAssembly(8), validation: shapeSet("validation", 24, 5, [0, 1]) };
  const settings = inSteps(
    { ...shapeSettings, evaluate: "end", steps: 4, warmupSteps: 2, earlyStopping: null, keep: "final" },
    shapes,
  );
  const plan = withArms(
    planStudy("overlap", {
      ...{ classes: shapeClasses, settings, areExclusive: true, margin: 0.1 },
      knowledge: new Map([
        ["discs", ["disc"]],
        ["squares", ["square"]],
      ]),
    }),
    ["single", "both"],
  );

  test("has arms that all suit its task, whatever weights of classes the manifest has", () => {
    const weighted = { ...settings, classWeights: { disc: 3 } };
    const knowledge = new Map([
      ["discs", ["disc"]],
      ["squares", ["square"]],
    ]);
    for (const name of ["negatives", "disjoint", "overlap", "baselines"] as const) {
      const asked = { classes: shapeClasses, knowledge, settings: weighted, areExclusive: true, margin: 0.1 };
      const made = planStudy(name, name === "negatives" ? { ...asked, interest: ["disc"] } : asked);
      for (const run of runsOf(made, [0], weighted, { specificity: 0.9 })) {
        const images = { given: shapes, full: shapes };
        taskOf(run.settings).check(assemblyOf(run.planned, images), run.settings);
        const { classes: learned = shapeClasses } = run.planned;
        const { loss, classWeights } = run.settings;
        if (loss === undefined)
          expect(Object.keys(classWeights ?? {})).toEqual(learned.includes("disc") ? ["disc"] : []);
        expect(run.specificity).toBe(0.9);
        expect(keyOf(run, "", "")).not.toBe(keyOf({ ...run, specificity: 0.8 }, "", ""));
      }
    }
  });

  async function carriedOut(folder: StudyFolder, stop?: AbortController): Promise<RunResult[] | undefined> {
    const results: RunResult[] = [];
    const complete = await runStudy(
      [engine()],
      runsOf(plan, [0], settings),
      () => Promise.resolve({ images: { given: shapes }, digest: "shapes" }),
      "here",
      folder,
      {
        begin: ({ planned }) => ({
          step: ({ step }) => {
            if (planned.name === "both" && step === 3) stop?.abort();
          },
        }),
        end: (_, result) => void results.push(result),
      },
      stop?.signal ?? new AbortController().signal,
    );
    return complete ? results : undefined;
  }
  async function opened(): Promise<StudyFolder> {
    const folder = new StudyFolder(join(temporaryFolder(), "study"), "overlap");
    await folder.begin({
      study: "overlap",
      manifest: { file: "m.yaml", text: "" },
      settings: { ...settings },
    });
    return folder;
  }
  const figures = (results: readonly RunResult[] | undefined): unknown =>
    results?.map(({ seconds: _, ...rest }) => rest);

  test("of segmenters has every measure of every arm, and ends the same where it was stopped in between", async () => {
    const [whole, broken] = [await opened(), await opened()];
    const results = (await carriedOut(whole)) ?? [];
    expect(results.map(({ run, classes: learned }) => [run, learned])).toEqual([
      ["single-discs", ["disc"]],
      ["single-squares", ["square"]],
      ["both", ["disc", "square"]],
    ]);
    for (const { further, classes: learned } of results) {
      expect(Object.keys(further ?? {}).sort()).toEqual(["dice", "iou", "patientAuc", "sensitivity"]);
      for (const values of Object.values(further ?? {})) expect(Object.keys(values)).toEqual(learned);
    }
    const [{ further }] = studyScores(
      plan,
      { file: "m.yaml", classes: [...shapeClasses] },
      [0],
      results,
    ).scores;
    expect(further?.iou).toEqual({
      disc: results[0].further?.iou?.["disc"],
      square: results[1].further?.iou?.["square"],
    });

    expect(await carriedOut(broken, new AbortController())).toBeUndefined();
    expect(figures(await carriedOut(broken))).toEqual(figures(results));
    for (const folder of [whole, broken]) folder.close();
  });
});
