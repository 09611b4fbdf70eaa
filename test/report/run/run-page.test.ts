// The report of a run: valid, readable without eyes and without a network, and made of the run's own numbers.

import { expect, test } from "vitest";
import { metricsByClass } from "../../../src/assemble/model-metrics.ts";
import { testPredictions } from "../../../src/runs/test-predictions.ts";
import { auc } from "../../../src/metrics/auc.ts";
import { averagePrecision } from "../../../src/metrics/average-precision.ts";
import { classColumn } from "../../../src/metrics/score-levels.ts";
import { randomStream } from "../../../src/data/random-stream.ts";
import type { ImageSet } from "../../../src/data/assembly/assembly.ts";
import { runPage, type RunContents } from "../../../src/report/pages.ts";
import { all, checkedPage, oddClasses, runOf } from "../pages.ts";

const run = runOf(oddClasses);

test("a page has all that a run has to show, with text and data for each figure", () => {
  const document = checkedPage(runPage(run));
  const sections = [
    "results",
    "course",
    "ranking",
    "probabilities",
    "mistakes",
    "queries",
    "labels",
    "settings",
  ];
  expect(all(document, "h2").map(({ id }) => id)).toEqual([...sections, "left-out"]);
  expect(all(document, "figure").map(({ id }) => id)).toEqual([
    "loss",
    "auc-curve",
    "roc",
    "calibration",
    "similarity",
    "coverage",
  ]);
});

test("names from data are text and never markup", () => {
  const page = runPage(run);
  const document = checkedPage(page);
  expect(all(document, "b, i, u, x, script")).toEqual([]);
  const rows = all(document, "#roc tbody th").map(({ textContent }) => textContent);
  expect(rows).toEqual([oddClasses[0], oddClasses[1], oddClasses[2], "ctrl\ufffd\ufffd[31m"]);
  const titles = all(document, "#roc svg text").map(({ textContent }) => textContent);
  expect(titles).toContain("<b>bold</b>");
  expect(page).not.toMatch(/[\u0000-\u0008\u001b]/);
  expect(document.querySelector("img")?.getAttribute("alt")).toBe(
    'Image a"b.png of <i>A</i>: <b>bold</b> is labelled positive, its predicted probability is 0.001',
  );
});

test("the same contents give the same bytes", () => {
  expect(runPage(runOf(oddClasses))).toBe(runPage(run));
});

test("a calibrated run's page shows both curves, and the error before and after", () => {
  const run = runOf(["a", "b"]);
  const text = runPage({ ...run, temperature: 1.7 });
  const [before, after] = /The mean error was (0\.\d+), and is (0\.\d+)\./u.exec(text)?.slice(1) ?? [];
  expect(text).toContain("logits divided by 1.700");
  expect(Number(after)).not.toBe(Number(before));
  expect(runPage(run)).not.toContain("The mean error was");
  // A temperature of 1 is none.
  expect(runPage({ ...run, temperature: 1 })).toMatch(/The mean error was (0\.\d+), and is \1\./u);
});

test("the calibration error of a run is one number, on its page and by evaluate", () => {
  const { predictions, classes } = run;
  if (predictions === undefined) throw new Error("the run has predictions");
  const random = randomStream(6, "logits");
  const logits = Float32Array.from(predictions.states, () => 6 * random.uniform() - 3);
  const set: ImageSet = {
    ...{ source: "test", count: 200, height: 1, width: 1, channels: 1, pixels: new Uint8Array(200) },
    states: predictions.states,
  };
  const evaluated = metricsByClass(logits, set, classes, 0.95);
  const document = checkedPage(runPage({ ...run, predictions: testPredictions(logits, set, classes) }));
  const [results] = all(document, "section[aria-labelledby=results] table");
  const column = all(results, "thead th").findIndex(({ textContent }) => textContent === "calibration error");
  const shown = all(results, "tbody tr").map((row) => all(row, "th, td")[column].textContent);
  expect(shown).toEqual(classes.map((name) => evaluated[name].calibrationError?.toFixed(4)));
  expect(results.textContent).not.toMatch(/0\.0000/);
});

test("its numbers are those of the predictions", () => {
  const document = checkedPage(runPage(run));
  const { predictions } = run;
  if (predictions === undefined) throw new Error("the run has predictions");
  const [first] = all(document, "#roc tbody tr");
  const scores = classColumn(predictions.probabilities, 0, 4);
  const labels = classColumn(predictions.states, 0, 4);
  expect(all(first, "td")[0].textContent).toBe(auc(scores, labels)?.toFixed(4));
  const [row] = all(document, "table tbody tr");
  expect(
    all(row, "td")
      .map(({ textContent }) => textContent)
      .slice(0, 3),
  ).toEqual(["0.8000", "0.7000 to 0.9000", averagePrecision(scores, labels)?.toFixed(4)]);
});

test("a class without an AUC has a dash, and the mean says that it is without it", () => {
  const document = checkedPage(runPage(run));
  expect(all(all(document, "table tbody tr")[2], "td")[0].textContent).toBe("–");
  expect(document.querySelector("main")?.textContent).toMatch(
    /The mean leaves these classes out: Ärzte 🫁\./,
  );
});

test("its settings name the weights that it began with, and no epochs where steps count", () => {
  const { record } = run;
  const initial = { file: "runs/w.pth", sha256: "0123456789abcdef", classes: [] };
  const settings = { ...record.settings, epochs: 1, steps: 30, mixup: 0.2 };
  const document = checkedPage(runPage({ ...run, record: { ...record, initial, settings } }));
  const names = all(document, ".settings dt").map(({ textContent }) => textContent);
  expect(names).toContain("steps");
  expect(names).not.toContain("epochs");
  const text = document.querySelector(".settings")?.textContent;
  expect(text).toContain("runs/w.pth, SHA-256 0123456789ab");
  expect(all(checkedPage(runPage(run)), ".settings")[0].textContent).not.toContain("began with");
});

test("a run that was stopped or has not ended shows what there is and says what is missing", () => {
  const { summary: _, predictions: __, reportData: ___, queries: ____, ...begun } = run;
  const unfinished: RunContents = {
    ...begun,
    ...{ summary: undefined, predictions: undefined, reportData: undefined, queries: undefined },
    ...{ classes: [], missing: ["The run has not come to its end."] },
  };
  const document = checkedPage(runPage(unfinished));
  expect(all(document, "h2").map(({ id }) => id)).toEqual(["course", "settings"]);
  expect(document.querySelector("header")?.textContent).toMatch(/has not come to its end/);
  const nothing = { ...unfinished, metrics: { steps: [], epochs: [] } };
  expect(all(checkedPage(runPage(nothing)), "h2").map(({ id }) => id)).toEqual(["settings"]);
});

test("fifteen classes, 3,000 images and 5,000 steps make a page under one megabyte", () => {
  const classes = Array.from({ length: 15 }, (_, k) => `A finding with a name that is long, ${k}`);
  const page = runPage(runOf(classes, 3000, 250, 20));
  expect(Buffer.byteLength(page)).toBeLessThan(2 ** 20);
  const document = checkedPage(page);
  expect(all(document, "#roc svg svg")).toHaveLength(15);
  // 250 epochs in so many rows that somebody reads them, the last among them.
  const epochs = all(document, "#loss tbody th").map(({ textContent }) => Number(textContent));
  expect(epochs.length).toBeLessThanOrEqual(101);
  expect(epochs.at(-1)).toBe(250);
});

const epochsOf = (values: readonly number[], terms: readonly string[]): RunContents["metrics"] => {
  const losses = Object.fromEntries(terms.map((term, i) => [term, 0.5 + i]));
  return {
    steps: values.map((_, i) => ({ epoch: i + 1, step: i + 1, losses })),
    epochs: values.map((accuracy, i) => ({
      ...{ epoch: i + 1, learningRate: 1e-3, losses },
      report: { confusion: [[1]], accuracy, images: 7 },
      validation: { accuracy: accuracy / 2 },
    })),
  };
};
const curveTitles = (document: ReturnType<typeof checkedPage>): string[] =>
  all(document, "#loss svg text[font-weight], #loss svg [font-weight] text").map(
    ({ textContent }) => textContent,
  );

test("a task whose only loss is the total has one curve, called loss, and its score is called what it is", () => {
  const document = checkedPage(runPage({ ...run, metrics: epochsOf([0.25, 0.5], ["total"]) }));
  expect(curveTitles(document)).toEqual(["loss"]);
  expect(all(document, "#loss thead th").map(({ textContent }) => textContent)).toEqual([
    ...["epoch", "learning rate", "loss"],
  ]);
  expect(document.querySelector("#loss figcaption")?.textContent).toMatch(/loss from 0\.5000 in epoch 1/);
  expect(document.querySelector("#score-curve h3")?.textContent).toBe("accuracy by epoch");
  expect(document.querySelector("#score-curve figcaption")?.textContent).toMatch(
    /accuracy on the validation data: 0\.1250 after epoch 1.*accuracy on the test data: 0\.2500 after epoch 1, 0\.5000 after/,
  );
  expect(document.querySelector("#auc-curve")).toBeNull();
});

test("terms that the table knows have its titles, others their names, and more terms than colours are all drawn", () => {
  const more = ["overlap", "<b>", "c", "d", "e", "f"];
  const document = checkedPage(
    runPage({ ...run, metrics: epochsOf([0.25, 0.5], ["total", "bce", ...more]) }),
  );
  expect(curveTitles(document)).toEqual(["supervised: binary cross entropy (bce)", ...more]);
  expect(all(document, "#loss thead th").map(({ textContent }) => textContent)).toEqual([
    ...["epoch", "learning rate", "loss", "bce", ...more],
  ]);
});

test("what was left out is counted where no names are shown, and listed where they are", () => {
  const told = (named: boolean): string => runPage(run, named).replace(/[^]*id="left-out"/u, "");
  expect(told(true)).toContain("&lt;x&gt;.png: is damaged");
  expect(told(false)).not.toContain("is damaged");
  expect(told(false)).toContain(
    "1 image or record could not be read and was left out. Their names may be of patients",
  );
});
