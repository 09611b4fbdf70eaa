// Reports on the built command line: after training, again from the folder alone, and when they cannot be written.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { all, checkedPage, studyOf } from "../report/pages.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";
import { twoSites } from "./two-sites.ts";

const manifest = twoSites({ images: 48, tested: 60, train: "batch: 16, epochs: 2, warmupEpochs: 1" });

const folder = workingFolder();
writeFileSync(join(folder, "run.yaml"), manifest);
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const train = (out: string, ...more: string[]): Promise<Ended> =>
  tessera("train", "run.yaml", "--data-root", ".", "--out", out, "--device", "reference", ...more);
const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");

let first: Ended;
beforeAll(async () => {
  first = await train("first");
});

test("training ends with a report, and the losses are told with their terms", () => {
  expect(first.code).toBe(0);
  // Given labels alone teach in warm-up.
  expect(first.errors).toMatch(/epoch 1\/2 done after .*: loss \d\.\d+ \(bce \d\.\d+\), test AUC/);
  expect(first.errors).toMatch(
    /epoch 2\/2 done after .*: loss \d\.\d+ \(bce \d\.\d+ \+ [\d.x ]*pseudo \d\.\d+ \+ [\d.x ]*consistency \d\.\d+\), test AUC/,
  );
  expect(first.errors).toMatch(/the report is first[/\\]report\.html/);
  expect(readdirSync(join(folder, "first")).sort()).toEqual([
    ...[
      "checkpoint.safetensors",
      "digests.json",
      "metrics.jsonl",
      "model.safetensors",
      "patients.salt",
      "report.html",
      "report.json",
      "run.json",
      "summary.json",
    ],
    "test-predictions.csv",
  ]);
  const document = checkedPage(read("first", "report.html"));
  expect(all(document, "figure").map(({ id }) => id)).toEqual([
    "loss",
    "auc-curve",
    "roc",
    "calibration",
    "similarity",
    "coverage",
  ]);
  expect(document.querySelector("#coverage figcaption")?.textContent).toMatch(
    /A, train: 48 images, labels of nodule and effusion, 67 % of all entries given/,
  );
  expect(read("first", "test-predictions.csv").split("\n")).toHaveLength(62);
});

test("the folder alone gives the same report again, into another file if asked for", async () => {
  const text = read("first", "report.html");
  rmSync(join(folder, "first", "report.html"));
  expect((await tessera("report", "first")).output).toBe(`${join("first", "report.html")}\n`);
  expect(read("first", "report.html")).toBe(text);
  const { code } = await tessera("report", "first", "--out", "pages/other.html", "--quiet");
  expect(code).toBe(0);
  expect(read("pages", "other.html")).toBe(text);
});

test("--no-report leaves it out, --json prints the summary, and the report can be written later", async () => {
  const { code, output, errors } = await train("second", "--no-report", "--json", "--quiet", "--epochs", "1");
  expect([code, own(errors)]).toEqual([0, ""]);
  expect(JSON.parse(output)).toEqual(JSON.parse(read("second", "summary.json")));
  expect(readdirSync(join(folder, "second"))).not.toContain("report.html");
  expect((await tessera("report", "second")).code).toBe(0);
  checkedPage(read("second", "report.html"));
  // --force takes a folder with all these files, and removes them before it writes its own.
  writeFileSync(join(folder, "second", "report.json"), "of an earlier run");
  expect((await train("second", "--force", "--no-report", "--quiet", "--epochs", "1")).code).toBe(0);
  expect(readdirSync(join(folder, "second"))).not.toContain("report.html");
  expect(read("second", "report.json")).toMatch(/^\{"version":1/);
});

test("a report that cannot be written loses no run: one line says what, and how to write it again", async () => {
  // While it is trained, a folder comes to be where the report will go.
  const parameters = ["run.yaml", "--data-root", ".", "--out", "third", "--device", "reference"];
  const { code, output, errors } = await runBuilt(folder, ["train", ...parameters], (text) => {
    if (text.includes("epoch 1/2 done"))
      mkdirSync(join(folder, "third", "report.html", "kept"), { recursive: true });
  });
  expect(code).toBe(0);
  expect(output).toMatch(/nodule/);
  expect(own(errors)).toMatch(
    /^warning: the report could not be written \(.*report\.html.*\).*: tessera report third$/m,
  );
  expect(JSON.parse(read("third", "summary.json"))).toMatchObject({ interrupted: false });
});

test("a study folder has a report, too, and its figures as files", async () => {
  const figures = join(folder, "study", "figures");
  mkdirSync(join(folder, "study"));
  writeFileSync(join(folder, "study", "scores.json"), JSON.stringify(studyOf(["x", "y", "z"])));
  expect((await tessera("report", "study", "--out", "pages/study.html")).code).toBe(0);
  expect(existsSync(figures)).toBe(false);
  expect((await tessera("report", "study")).code).toBe(0);
  const document = checkedPage(read("study", "report.html"));
  expect(read("pages", "study.html")).toBe(read("study", "report.html"));
  expect(document.querySelector("h1")?.textContent).toBe("Study overlap");
  const names = readdirSync(figures);
  expect(names.sort()).toEqual([
    ...["differences-1-all.svg", "differences-2-of-one-source.svg"],
    ...["mean-auc-1-all.svg", "mean-auc-2-of-one-source.svg", "similarity.svg"],
  ]);
  expect(names).toHaveLength(all(document, "figure").length);
  rmSync(figures, { recursive: true });
  writeFileSync(figures, "a file");
  const { code, errors } = await tessera("report", "study");
  expect(code).toBe(2);
  expect(errors).toMatch(/^error: study[/\\]figures: cannot be written .*--out/);
});

test("a folder that holds neither, and damaged files, are one line and exit code 2", async () => {
  const refused = async (path: string, message: RegExp): Promise<void> => {
    const { code, output, errors } = await tessera("report", path);
    expect([code, output]).toEqual([2, ""]);
    expect(errors).toMatch(message);
    expect(errors.trim()).not.toMatch(/\n/);
  };
  mkdirSync(join(folder, "empty"));
  await refused("nowhere", /^error: nowhere: is no folder; name that of a run or a study/);
  await refused("empty", /^error: empty: holds no run \(run\.json\) and no study \(scores\.json\)/);
  for (const [name, text, message] of [
    ["summary.json", "{", /summary\.json: cannot be used/],
    ["report.json", '{"version": 2}', /report\.json: cannot be used \(version: /],
    ["metrics.jsonl", "{}\n", /metrics\.jsonl: line 1 is no line of metrics/],
    ["test-predictions.csv", "a,b\n", /test-predictions\.csv: line 1: column 1 should be "source"/],
    ["model.safetensors", "short", /model\.safetensors: is damaged/],
  ] as const) {
    const whole = readFileSync(join(folder, "first", name));
    writeFileSync(join(folder, "first", name), text);
    await refused("first", message);
    writeFileSync(join(folder, "first", name), whole);
  }
});
