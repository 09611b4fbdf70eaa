// The plans of the studies: which runs, on which labels, with which changes.

import { describe, expect, test } from "vitest";
import { costByArm } from "../../src/studies/cost.ts";
import {
  knowledgeOf,
  notesOf,
  withArms,
  type PlanContext,
  type StudyPlan,
} from "../../src/studies/study-plan.ts";
import { learnedFrom } from "../../src/studies/planned-run.ts";
import { runsOf } from "../../src/studies/runs-of-plan.ts";
import { planStudy } from "../../src/studies/plan-study.ts";
import { studies, studyNames } from "../../src/studies/studies.ts";
import { costOf } from "../../src/studies/cost.ts";
import { groupsOf } from "../../src/studies/study-plan.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";

const slower = { ...smallSettings, steps: 20, warmupSteps: 5, learningRate: 1e-4 };
const asked: PlanContext["asked"] = [
  { name: "plain", said: "", settings: smallSettings },
  { name: "slower", said: "steps: 20, learningRate: 0.0001", settings: slower },
  { name: "begun", said: "init: w.pth", settings: smallSettings, init: "w.pth" },
];

const context: PlanContext = {
  classes: ["1", "2", "3", "4"],
  knowledge: new Map([
    ["A", ["1", "2", "3"]],
    ["B", ["2", "3", "4"]],
  ]),
  settings: smallSettings,
  margin: 0.003,
  asked,
};

const names = (plan: StudyPlan): string[] => plan.arms.map(({ name }) => name);

/** What the arms do not take from the manifest. */
const plain = { supervised: "weak", absent: "ignored" };

describe("overlap", () => {
  const plan = planStudy("overlap", context);
  const main = ["single", "absent-negative", "partial-bce", "pseudo", "consistency", "both", "full"];

  test("has seven arms, and each again with the same supervised augmentation", () => {
    expect(names(plan)).toEqual([...main, ...main.map((name) => `${name}+aug`)]);
    for (const { runs } of plan.arms.slice(main.length)) {
      for (const run of runs) expect(run.changes.supervised).toBe("both");
    }
    for (const { runs, controlOf } of plan.arms.slice(0, main.length)) {
      for (const run of runs) expect(run.changes.supervised).toBe("weak");
      expect(controlOf).toBeUndefined();
    }
    expect(plan.arms.map(({ controlOf }) => controlOf)).toEqual([...main.map(() => undefined), ...main]);
  });

  test("is refused where names of sources make two runs one: each has files by its name", () => {
    const knowledge = new Map([
      ["A", ["1"]],
      ["A+aug", ["1"]],
    ]);
    expect(() => planStudy("overlap", { ...context, knowledge })).toThrow(
      'study overlap would call two of its runs "single-A+aug", by the names of sources or classes: call one otherwise',
    );
  });

  test("trains one model a source for its own classes alone, from given labels", () => {
    expect(plan.arms[0].runs).toEqual(
      [["A", ["1", "2", "3"]] as const, ["B", ["2", "3", "4"]] as const].map(([source, scoredClasses]) => ({
        name: `single-${source}`,
        labels: "given",
        sources: [source],
        scoredClasses,
        changes: { ...plain, lambdaPseudo: 0, lambdaConsistency: 0 },
      })),
    );
  });

  test("changes one thing from arm to arm", () => {
    const changes = Object.fromEntries(plan.arms.map(({ name, runs }) => [name, runs[0].changes]));
    const supervised = { lambdaPseudo: 0, lambdaConsistency: 0 };
    expect(changes).toMatchObject({
      "partial-bce": supervised,
      "absent-negative": { ...supervised, absent: "negative" },
      pseudo: { lambdaConsistency: 0 },
      consistency: { lambdaPseudo: 0 },
      both: {},
      full: supervised,
    });
    expect(changes["both"]).toEqual(plain);
    expect(plan.arms.filter(({ runs }) => runs[0].labels === "full").map(({ name }) => name)).toEqual([
      ...["full", "full+aug"],
    ]);
  });

  test("asks for equality with full labels, within the margin, and of each control the same", () => {
    const equal = plan.comparisons.filter(({ margin }) => margin !== undefined);
    expect(equal.map(({ first, second, margin }) => [first, second, margin])).toEqual([
      ["both", "full", 0.003],
      ["partial-bce", "full", 0.003],
      ["both+aug", "full+aug", 0.003],
      ["partial-bce+aug", "full+aug", 0.003],
    ]);
    for (const { first, second } of plan.comparisons) {
      expect(first.endsWith("+aug")).toBe(second.endsWith("+aug"));
    }
  });

  test("does without full labels where the truth is not known, and says why", () => {
    const without = planStudy("overlap", { ...context, whyNoFullLabels: "nobody looked." });
    expect(names(without)).not.toContain("full");
    expect(without.notes).toEqual(["There is no arm of full labels: nobody looked."]);
    expect(without.comparisons.some(({ second }) => second.startsWith("full"))).toBe(false);
  });

  test("says where taking absent labels for negative is no mistake", () => {
    const known = planStudy("overlap", { ...context, absentIsNegative: true });
    expect(notesOf(known)).toEqual([expect.stringMatching(/every absent label is in truth negative/)]);
    expect(notesOf(plan)).toEqual([]);
    // Of arms that are not compared nothing has to be known.
    expect(notesOf(withArms(known, ["both", "full"]))).toEqual([]);
    expect(notesOf(withArms(known, ["absent-negative+aug"]))).toHaveLength(1);
  });

  test("of some arms has their comparisons alone; an arm that it does not have is named", () => {
    const some = withArms(plan, ["both", "full"]);
    expect(names(some)).toEqual(["both", "full"]);
    expect(some.comparisons.map(({ first, second }) => [first, second])).toEqual([["both", "full"]]);
    expect(() => withArms(plan, ["ful"])).toThrow(/--arms ful: study overlap has no such arm here.*full/);
  });
});

describe("settings", () => {
  const plan = planStudy("settings", context);

  test("has the manifest's arms, each with its changes alone, compared with the first", () => {
    expect(names(plan)).toEqual(["plain", "slower", "begun"]);
    expect(plan.arms.map(({ runs: [run] }) => [run.changes, run.init])).toEqual([
      [{}, null],
      [{ steps: 20, warmupSteps: 5, learningRate: 1e-4 }, null],
      [{}, "w.pth"],
    ]);
    expect(plan.comparisons.map(({ first, second }) => [first, second])).toEqual([
      ["slower", "plain"],
      ["begun", "plain"],
    ]);
    expect(plan.arms[1].about).toBe("The manifest's training with steps: 20, learningRate: 0.0001.");
  });

  test("says where arms have other budgets, and nothing where they have not", () => {
    expect(notesOf(plan)).toEqual([
      expect.stringMatching(/Budgets differ \(.*slower 20 steps of 16 images/u),
    ]);
    expect(notesOf(planStudy("settings", { ...context, asked: [asked[0], asked[2]] }))).toEqual([]);
  });

  test("keeps where an arm begins, also against the manifest's own weights, which begin every other study", () => {
    const begun = planStudy("settings", { ...context, init: "all.pth" });
    expect(begun.arms.map(({ runs: [{ init }] }) => init)).toEqual([null, null, "w.pth"]);
    const other = planStudy("disjoint", { ...context, init: "all.pth" });
    expect(new Set(other.arms.flatMap(({ runs }) => runs.map(({ init }) => init)))).toEqual(
      new Set(["all.pth"]),
    );
  });

  test("weights that nobody read are named before anything is trained", () => {
    expect(() => runsOf(plan, [0], smallSettings)).toThrow(
      "runsOf: begun begins with w.pth, which beginnings does not have",
    );
  });

  test("may draw images by their labels, which are the same in every arm", () => {
    const balanced = { ...smallSettings, sampling: "balanced" as const };
    expect(() => planStudy("settings", { ...context, settings: balanced })).not.toThrow();
  });

  test.each([
    [[], /has none; give it a section such as arms:/u],
    [asked.slice(0, 1), /it has one; give it/u],
    [[asked[0], { ...asked[0], name: "again" }], /would train the arms "plain" and "again" alike/u],
  ])("of arms that there is nothing to compare of is refused", (arms, message) => {
    expect(() => planStudy("settings", { ...context, asked: arms })).toThrow(message);
  });
});

describe.each(studyNames)("study %s", (name) => {
  const { interest, question } = studies[name];
  const asked = { ...context, interest: interest === "none" ? undefined : ["3"] };

  test("compares arms that it has, whose runs have names of their own, and is scored by classes of the manifest", () => {
    const plan = planStudy(name, asked);
    expect(plan.study).toBe(name);
    expect(plan.comparisons.length).toBeGreaterThan(0);
    for (const { first, second } of plan.comparisons) {
      expect(names(plan)).toContain(first);
      expect(names(plan)).toContain(second);
    }
    const runs = plan.arms.flatMap((arm) => arm.runs);
    expect(new Set(runs.map((run) => run.name)).size).toBe(runs.length);
    for (const { scoredClasses } of runs)
      expect(context.classes).toEqual(expect.arrayContaining([...scoredClasses]));
  });

  test("asks one question, and is about the classes that its record says", () => {
    expect(question).toMatch(/^[A-Z][^?]*\?$/u);
    const plan = (classes?: readonly string[]) => (): unknown =>
      planStudy(name, { ...context, interest: classes });
    if (interest === "none") expect(plan(["3"])).toThrow(`study ${name} is about all classes`);
    else expect(plan(["3"])).not.toThrow();
    if (interest === "one") expect(plan()).toThrow(`study ${name} is about one class`);
    else expect(plan()).not.toThrow();
    if (interest !== "none") expect(plan(["33"])).toThrow(/^--interest 33: is no class of the manifest/u);
  });
});

test("groups are all classes, those of one source, and the shared ones; where all are shared, all alone", () => {
  expect(groupsOf(context)).toEqual([
    { name: "all classes", classes: ["1", "2", "3", "4"] },
    { name: "known to one source", classes: ["1", "4"] },
    { name: "known to several", classes: ["2", "3"] },
  ]);
  expect(groupsOf({ ...context, knowledge: new Map([["A", context.classes]]) })).toHaveLength(1);
});

test("what sources know is what they have labels of", () => {
  const assembly = smallAssembly(8);
  expect([...knowledgeOf(assembly)]).toEqual([
    ["phantoms A", assembly.classes.slice(0, 4)],
    ["phantoms B", assembly.classes.slice(2)],
  ]);
});

describe("the other studies", () => {
  test("disjoint sets one model a source beside the assembly", () => {
    const main = ["single", "partial-bce", "both", "full"];
    expect(names(planStudy("disjoint", context))).toEqual([...main, ...main.map((name) => `${name}+aug`)]);
    expect(notesOf(planStudy("disjoint", context))).toEqual([
      "Several sources know 2, 3: of those, study overlap asks what this one does not.",
    ]);
    const apart = new Map([
      ["A", ["1", "2"]],
      ["B", ["3", "4"]],
    ]);
    expect(notesOf(planStudy("disjoint", { ...context, knowledge: apart }))).toEqual([]);
  });

  test("negatives trains a model for each class of interest, and one for all", () => {
    const [unnamed, named] = planStudy("negatives", { ...context, interest: ["2", "4"] }).arms;
    expect(unnamed.runs.map(({ classes, scoredClasses }) => [classes, scoredClasses])).toEqual([
      [["2"], ["2"]],
      [["4"], ["4"]],
    ]);
    expect(named.runs).toMatchObject([{ scoredClasses: ["2", "4"] }]);
    expect(named.runs[0]).not.toHaveProperty("classes");
  });

  test("similarity adds one class at a time, in the manifest's order of classes", () => {
    const plan = planStudy("similarity", { ...context, interest: ["3"] });
    expect(names(plan)).toEqual(["alone-3", "3-with-1", "3-with-2", "3-with-4", "all"]);
    expect(plan.arms.map(({ runs }) => runs[0].classes)).toEqual([
      ...[["3"], ["1", "3"], ["2", "3"], ["3", "4"], undefined],
    ]);
    for (const { runs } of plan.arms) expect(runs[0].scoredClasses).toEqual(["3"]);
  });

  test("baselines differ in head and labels, and learn from given labels alone but for Label-Assemble", () => {
    const plan = planStudy("baselines", context);
    expect(plan.arms.slice(0, 8).map(({ name, runs }) => [name, runs[0].changes.head?.kind])).toEqual([
      ["single", undefined],
      ["per-source-heads", "per-source"],
      ["dynamic-head", "dynamic"],
      ["masked-bce", "linear"],
      ["absent-negative", "linear"],
      ["partial-bce", undefined],
      ["both", undefined],
      ["full", undefined],
    ]);
    expect(names(plan).slice(8)).toEqual(
      names(plan)
        .slice(0, 8)
        .map((name) => `${name}+aug`),
    );
    for (const { name, runs } of plan.arms) {
      if (!name.startsWith("both"))
        expect(runs[0].changes).toMatchObject({ lambdaPseudo: 0, lambdaConsistency: 0 });
    }
  });

  test.each([
    [
      "overlap",
      { knowledge: new Map([["A", context.classes]]) },
      /compares sources, and the manifest has one/,
    ],
    ["baselines", { settings: { ...smallSettings, lambdaPseudo: 0 } }, /must be above 0/],
    ["negatives", { interest: ["7"] }, /--interest 7: is no class of the manifest/],
    ["negatives", { classes: ["1"] }, /needs the names of the negatives/],
    [
      "overlap",
      { settings: { ...smallSettings, unsupervisedOn: "labelled" } },
      /which train.unsupervisedOn leaves out/,
    ],
    [
      "overlap",
      { settings: { ...smallSettings, steps: 5, warmupSteps: 5 } },
      /over before its warm-up is, which takes all of its 5 steps/,
    ],
    [
      "disjoint",
      { settings: { ...smallSettings, head: { kind: "per-source" } } },
      /train.head per-source makes no sense/,
    ],
    [
      "baselines",
      { settings: { ...smallSettings, head: { kind: "dynamic" } } },
      /train.head must be queries/,
    ],
    ["negatives", { settings: { ...smallSettings, sampling: "balanced" } }, /say proportional or per-source/],
    ["overlap", { interest: ["1"] }, /is about all classes: leave --interest out/],
    ["similarity", {}, /name it with --interest CLASS/],
    ["similarity", { interest: ["1", "2"] }, /is about one class/],
    [
      "similarity",
      { interest: ["1"], settings: { ...smallSettings, head: { kind: "linear" } } },
      /must be queries/,
    ],
    ["similarity", { interest: ["1"], classes: ["1", "2", "3"] }, /needs three of them or more/],
  ] as const)("%s refuses what it makes no sense with: %o", (name, changes, message) => {
    const plan = (): unknown => planStudy(name, { ...context, ...changes });
    expect(plan).toThrow(UsageError);
    expect(plan).toThrow(message);
  });
});

test("runs go seed by seed, are tested in the end alone, and each has its seed", () => {
  const plan = withArms(planStudy("overlap", context), ["single", "both"]);
  const runs = runsOf(plan, [3, 4], smallSettings);
  expect(runs.map(({ planned, seed }) => [planned.name, seed])).toEqual([
    ...[3, 4].flatMap((seed) => ["single-A", "single-B", "both"].map((name) => [name, seed])),
  ]);
  for (const { seed, settings } of runs) expect(settings).toMatchObject({ seed, evaluate: "end" });
});

test("a run is known again by what it learns from, whatever it is called", () => {
  const run = { name: "x", labels: "given", scoredClasses: ["1"], changes: {} } as const;
  expect(learnedFrom(run)).toEqual(["given", null, null, ["1"]]);
  expect(learnedFrom({ ...run, name: "y", labels: "full", sources: ["A"], classes: ["1", "2"] })).toEqual([
    ...["full", ["A"], ["1", "2"], ["1"]],
  ]);
});

test("costs count the strong view where it is computed", () => {
  const budget = { steps: 10, warmup: 4, stepsPerEpoch: 5, epochs: 2 };
  const of = (changes: object): number => costOf({ ...smallSettings, ...changes }, budget, 16).views / 16;
  expect(of({ lambdaPseudo: 0, lambdaConsistency: 0 })).toBe(10);
  expect(of({ lambdaConsistency: 0 })).toBe(10);
  expect(of({})).toBe(16);
  expect(of({ supervised: "both" })).toBe(20);
  const plan = withArms(planStudy("overlap", context), ["single", "both"]);
  const runs = runsOf(plan, [0, 1], smallSettings);
  expect(costByArm(plan.arms, runs, ({ settings }) => costOf(settings, budget, 16))).toEqual([
    { arm: "single", runs: 4, steps: 40, views: 640 },
    { arm: "both", runs: 2, steps: 20, views: 512 },
  ]);
});
