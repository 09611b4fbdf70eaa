// `tessera study` as a process of its own: what it writes, that it goes on where it was stopped, what it refuses.

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StudyScores } from "../../src/studies/scores.ts";
import { studies, studyNames } from "../../src/studies/studies.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";
import { twoSites } from "./two-sites.ts";

const folder = workingFolder();
writeFileSync(
  join(folder, "m.yaml"),
  twoSites({ images: 24, tested: 40, blocks: 1, train: "batch: 16, steps: 6, warmupSteps: 3" }),
);

const study = (
  parameters: readonly string[],
  onError?: (text: string, kill: () => void) => void,
): Promise<Ended> => runBuilt(folder, ["study", ...parameters, "--data-root", "."], onError);
const arms = ["--arms", "single", "both", "full", "both+aug", "full+aug"];
const file = (out: string, name: string): string => readFileSync(join(folder, out, name), "utf8");
const scoresOf = (out: string): unknown => {
  const scores = JSON.parse(file(out, "scores.json")) as StudyScores;
  return { ...scores, scores: scores.scores.map(({ seconds: _, ...rest }) => rest) };
};

test("its help says what each study asks, and for which of them classes of interest are named", async () => {
  const { code, output } = await runBuilt(folder, ["study", "--help"]);
  expect(code).toBe(0);
  for (const name of studyNames)
    expect(output).toMatch(new RegExp(`^ {2}${name} +${studies[name].question.replace("?", "\\?")}$`, "mu"));
  expect(output.replace(/\s+/gu, " ")).toContain(
    "classes that negatives (default: all) or similarity (one) is about",
  );
});

test("a dry run says what each arm takes and how long it would be, and writes nothing", async () => {
  const { code, output, errors } = await study(["overlap", "m.yaml", "--seeds", "3", "--dry-run", "--json"]);
  expect([code, own(errors)]).toEqual([
    0,
    expect.stringMatching(/absent-negative\+aug +absent labels as negative/),
  ]);
  const found = JSON.parse(output) as { arms: { arm: string; runs: number; steps: number; views: number }[] };
  expect(found).toMatchObject({ study: "overlap", seeds: [0, 1, 2] });
  expect(found.arms).toHaveLength(14);
  expect(found.arms.slice(0, 3)).toEqual([
    { arm: "single", runs: 6, steps: 36, views: 576 },
    { arm: "absent-negative", runs: 3, steps: 18, views: 288 },
    { arm: "partial-bce", runs: 3, steps: 18, views: 288 },
  ]);
  expect(readdirSync(folder)).not.toContain("runs");
}, 60_000);

test("it is stopped, goes on, and ends as one that was not; then all of it is used again", async () => {
  const command = ["overlap", "m.yaml", "--seeds", "2", ...arms];
  const whole = await study([...command, "--out", "whole"]);
  expect(whole.code).toBe(0);
  expect(whole.output).toMatch(/both less full/);
  expect(own(whole.errors)).toMatch(/run 12\/12 (both|full)\+aug seed 1: mean AUC [0-9.]+/);
  for (const name of [
    ...["study.json", "scores.json", "results.md", "results.json", "scores.csv", "comparisons.csv"],
    ...["report.json", "report.html", "figures/mean-auc-1-all-classes.svg", "figures/roc-curves.svg"],
  ]) {
    expect(file("whole", name).length).toBeGreaterThan(100);
  }
  expect(scoresOf("whole")).toMatchObject({
    groups: [{ name: "all classes" }, { classes: ["nodule", "cardiomegaly"] }, { classes: ["effusion"] }],
    arms: [
      { name: "single", models: 2 },
      { name: "both", models: 1 },
      { name: "full" },
      { name: "both+aug", models: 1, controlOf: "both" },
      { name: "full+aug", controlOf: "full" },
    ],
  });

  // The folder alone has all of the page.
  const page = file("whole", "report.html");
  expect(page).toMatch(/<h2 id="ranking">.*<h2 id="mistakes">.*in the mean over 8 runs/s);
  expect((await runBuilt(folder, ["report", "whole", "--quiet"])).code).toBe(0);
  expect(file("whole", "report.html") === page).toBe(true);

  const stopped = await study([...command, "--out", "stopped"], (text, kill) => {
    if (text.includes("run 5/12")) kill();
  });
  expect(stopped.code).not.toBe(0);
  expect(existsSync(join(folder, "stopped", "report.html"))).toBe(false);
  // Pictures are of the scores that are there, or there are none.
  expect(JSON.parse(file("stopped", "report.json"))).not.toHaveProperty("predicted");
  const rest = await study([...command, "--out", "stopped"]);
  expect([rest.code, own(rest.errors)]).toEqual([0, expect.not.stringMatching(/run [1-5]\/12 .*mean AUC/)]);
  expect(scoresOf("stopped")).toEqual(scoresOf("whole"));
  expect(file("stopped", "comparisons.csv")).toBe(file("whole", "comparisons.csv"));

  const onward = await study(
    [...command.map((each) => (each === "2" ? "3" : each)), "--out", "whole"],
    (text, kill) => {
      if (text.includes("run 14/18")) kill();
    },
  );
  expect(onward.code).not.toBe(0);
  expect(JSON.parse(file("whole", "report.json"))).not.toHaveProperty("predicted");

  const other = await study([...command, "--out", "whole", "--steps", "5", "--quiet"]);
  expect([other.code, own(other.errors)]).toEqual([
    2,
    expect.stringMatching(/holds this study with other settings \(steps 6, now 5\); name another folder/),
  ]);

  // A run is used again, and what is lost of its predictions is told.
  const table = join("whole", "runs", "both-seed1.csv");
  // Whole lines of it, which nothing but a digest tells from all.
  writeFileSync(join(folder, table), file(".", table).split("\n").slice(0, 9).join("\n") + "\n");
  rmSync(join(folder, "whole", "runs", "full-seed0.csv"));
  const again = await study([...command, "--out", "whole", "--json", "--quiet"]);
  expect(file("whole", "report.html")).toMatch(
    /This covers 10 of 12 finished runs: .*in the mean over 6 runs/s,
  );
  expect([again.code, own(again.errors)]).toEqual([
    0,
    expect.stringMatching(/^warning: whole\/runs\/[a-z]+-seed\d\.csv is gone or damaged, and 1 more: .*$/),
  ]);
  expect(JSON.parse(again.output)).toMatchObject({
    scores: { study: "overlap" },
    analysis: { study: "overlap" },
  });
}, 120_000);

test("arms of the manifest's own are compared with the first, may begin with weights, and are used again", async () => {
  const arms = "arms: { plain: , faster: { learningRate: 0.02 }, begun: { init: runs/first } }\n";
  writeFileSync(join(folder, "arms.yaml"), file(".", "m.yaml") + arms);
  const train = ["train", "m.yaml", "--data-root", ".", "--out", "runs/first", "--quiet"];
  expect((await runBuilt(folder, train)).code).toBe(0);
  const command = ["settings", "arms.yaml", "--seeds", "2", "--out", "settings"];
  const made = await study(command);
  expect([made.code, own(made.errors)]).toEqual([
    0,
    expect.stringMatching(/^begun: head: nodule, .*as learned there$/mu),
  ]);
  expect(made.output).toMatch(/faster less plain/u);
  const { scores, notes } = scoresOf("settings") as StudyScores;
  const auc = (arm: string): unknown => scores.find((each) => each.arm === arm && each.seed === 0)?.auc;
  // The first seed is that of a training alone, and the others are something else.
  expect(auc("plain")).toEqual((JSON.parse(file("runs/first", "summary.json")) as { auc: unknown }).auc);
  expect([auc("faster"), auc("begun")]).not.toContainEqual(auc("plain"));
  expect(notes).toEqual([]);

  // Other weights are another run; all else is used again.
  const anew = await runBuilt(folder, [...train, "--force", "--seed", "1"]);
  expect(anew.code).toBe(0);
  const again = await study([...command, "--seeds", "1"]);
  expect([again.code, own(again.errors)]).toEqual([
    0,
    expect.not.stringMatching(/(plain|faster) seed 0: mean AUC/u),
  ]);
  expect(own(again.errors)).toMatch(/begun seed 0: mean AUC/u);

  // What arms freeze and weigh is said of each, and what is odd about it.
  const begun = "init: runs/first";
  const parted = `arms: { plain: , frozen: { ${begun}, freeze: features }, late: { ${begun}, unfreeze: { features: 9 } }, even: { positiveWeight: balanced } }\n`;
  writeFileSync(join(folder, "parted.yaml"), file(".", "m.yaml") + parted);
  const dry = await study(["settings", "parted.yaml", "--dry-run"]);
  expect(dry.output).toMatch(/, by a trial of a few steps of the manifest's own training$/mu);
  expect(own(dry.errors).split("\n")).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^frozen: [\d,]+ of [\d,]+ parameters are trained$/u),
      expect.stringMatching(/^late: [\d,]+ of [\d,]+ parameters are trained, [\d,]+ from epoch 9 on$/u),
      expect.stringMatching(
        /^late: warning: train\.unfreeze names epoch 9, and the run ends with epoch \d+: /u,
      ),
      expect.stringMatching(/^even: a positive label counts as so many negative ones: nodule /u),
    ]),
  );
}, 60_000);

for (const [name, field] of [
  ["frozen", "freeze: features"],
  ["rates", "rates: { neck: 2 }"],
]) {
  writeFileSync(
    join(folder, `${name}.yaml`),
    readFileSync(join(folder, "m.yaml"), "utf8").replace("train: { ", `train: { ${field}, `),
  );
}

test.each([
  [
    ["settings", "m.yaml", "--out", "x"],
    /study settings compares the manifest's arms, and it has none; give it/,
  ],
  [["settings", "m.yaml", "--out", "x", "--preset", "small"], /say preset: small there/],
  [["ovrlap", "m.yaml", "--out", "x"], /there is no study "ovrlap"; did you mean "overlap"\?/],
  [["overlap", "m.yaml"], /required option '--out <folder>' not specified/],
  [["overlap", "m.yaml", "--out", "x", "--arms", "ful"], /--arms ful: study overlap has no such arm here/],
  [["similarity", "m.yaml", "--out", "x"], /name it with --interest CLASS/],
  [
    ["negatives", "m.yaml", "--out", "x", "--interest", "nodul"],
    /--interest nodul: is no class of the manifest/,
  ],
  [
    ["overlap", "m.yaml", "--out", "x", "--preset", "papr"],
    /--preset papr: there is no such preset; did you mean "paper"\?/,
  ],
  [["overlap", "m.yaml", "--out", "x", "--margin", "2"], /--margin takes a number between 0 and 1/],
  [
    ["overlap", "m.yaml", "--out", "x", "--steps", "3", "--epochs", "2"],
    /'--epochs <n>' cannot be used with/,
  ],
  [["overlap", "m.yaml", "--out", "m.yaml"], /--out m\.yaml: is a file; name a folder/],
  [
    ["overlap", "frozen.yaml", "--data-root", ".", "--out", "x", "--device", "reference"],
    /frozen\.yaml: train\.freeze is for runs that begin with weights/,
  ],
  [
    ["overlap", "rates.yaml", "--data-root", ".", "--out", "x", "--device", "reference"],
    /train\.rates: the model has no part "neck"; there are features\.conv0, /,
  ],
])("%o is refused in one line, with code 2", async (parameters, message) => {
  const { code, output, errors } = await study([...parameters, "--quiet"]);
  expect([code, output]).toEqual([2, ""]);
  expect(own(errors).trim()).toMatch(message);
  expect(own(errors).trim().split("\n")).toHaveLength(1);
  expect(existsSync(join(folder, "x"))).toBe(false);
});

test("a cross-validation tests every image once, goes on where it was stopped, and needs no test images", async () => {
  const manifest = file(".", "m.yaml").replace(/^test: .*$/mu, "");
  writeFileSync(join(folder, "folds.yaml"), manifest);
  const command = ["cross-validate", "folds.yaml", "--data-root", ".", "--folds", "3", "--out", "folds"];
  const stopped = await runBuilt(folder, command, (text, kill) => {
    if (text.includes("run 1/3")) kill();
  });
  expect(stopped.code).not.toBe(0);
  const made = await runBuilt(folder, [...command, "--json"]);
  // Two are under way at a time: any may have been the first.
  const [, finished] = /run 1\/3 (fold-\d)/u.exec(stopped.errors) ?? [];
  expect(made.code).toBe(0);
  expect(own(made.errors)).not.toContain(`${finished} seed 0: mean AUC`);
  const { scores } = JSON.parse(made.output) as { scores: StudyScores };
  expect(scores).toMatchObject({
    study: "cross-validate",
    arms: [{ name: "fold-1" }, { name: "fold-2" }, { name: "fold-3" }],
    outOfFold: { folds: 3, images: 48, patients: 48 },
  });
  const { classes = [] } = scores.outOfFold ?? {};
  expect(
    classes.map(({ class: name, positive, negative, absent }) => [name, positive + negative, absent]),
  ).toEqual([
    ["nodule", 24, 24],
    ["effusion", 48, 0],
    ["cardiomegaly", 24, 24],
  ]);
  expect(classes[1].foldMean).toBeCloseTo(
    scores.scores.reduce((sum, { auc }) => sum + (auc["effusion"] ?? NaN), 0) / 3,
    12,
  );
  // Every image is in one fold, and in the table of that fold.
  const rows = file("folds", "folds.csv").trim().split("\n").slice(1);
  expect(new Set(rows.map((row) => row.split(",").slice(0, 2).join())).size).toBe(48);
  expect(rows.map((row) => Number(row.split(",")[3])).sort()).toEqual(
    [1, 2, 3].flatMap((fold) => Array<number>(16).fill(fold)),
  );
  expect(file("folds", "out-of-fold.csv").trim().split("\n")).toHaveLength(49);
  expect(file("folds", "report.html")).toMatch(/<h2 id="out-of-fold">/u);
  expect(file("folds", "results.md")).toMatch(/## Out of fold/u);
}, 60_000);
