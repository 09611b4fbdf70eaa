// The report of a segmenter's run: Dice and IoU, patients, outlines, with the run's own numbers.

import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { testOverlap } from "../../../src/assemble/overlap-metrics.ts";
import { patientResults } from "../../../src/assemble/patient-metrics.ts";
import { randomStream } from "../../../src/data/random-stream.ts";
import { noOverlaps, pooledOverlap, type Overlaps } from "../../../src/metrics/overlap.ts";
import { runPage, type RunContents } from "../../../src/report/pages.ts";
import { summarySchema } from "../../../src/runs/summary.ts";
import { all, checkedPage, runOf } from "../pages.ts";

const classes = ["cyst", "<i>net</i>", "never"];
const images = 80;
const random = randomStream(9, "segmenter");
const patients = Array.from({ length: images }, (_, i) => `site/p${Math.floor(i / 2)}`);
const states = Uint8Array.from({ length: images * 3 }, (_, at) =>
  at % 3 === 2 ? 0 : Number(random.below(3) === 0),
);
const logits = Float32Array.from(states, (state) => 2 * state - 1 + random.normal());

function counted(): Overlaps {
  const counts = noOverlaps(images, 3);
  states.forEach((state, at) => {
    counts.given[at] = state * (10 + random.below(40));
    counts.both[at] = Math.floor(counts.given[at] * random.uniform());
    counts.predicted[at] = counts.both[at] + random.below(5);
  });
  // The first patient has the net, too small for the size of the network.
  for (const at of [1, 4]) {
    states[at] = 1;
    counts.given[at] = counts.both[at] = 0;
  }
  return counts;
}

const overlaps = counted();
const png = PNG.sync.write(new PNG({ width: 3, height: 2 })).toString("base64");
const base = runOf(classes, images);
const set = { states, patients };
const located = states.map((state, at) => (at % 5 === 0 ? 0 : state));
const judged = { set, logits, located, overlaps };
const named = patients.map((patient, i) => ({ source: "site", image: `i${i}.png`, patient }));

function segmenterRun(validation: boolean): RunContents {
  const summary = summarySchema.parse({
    ...base.summary,
    overlap: pooledOverlap(overlaps, classes),
    overlapIntervals: testOverlap(overlaps, set, classes),
    patients: patientResults(judged, validation ? judged : undefined, classes, {
      specificity: 0.9,
      resamples: 200,
    }),
  });
  return {
    ...{ ...base, summary, overlaps: { ...overlaps, located, images: named } },
    predictions: {
      ...{ classes, images: named, states },
      probabilities: Float64Array.from(logits, (z) => 1 / (1 + Math.exp(-z))),
    },
    reportData: {
      ...{ version: 1, coverage: [], mistakes: [] },
      overlays: [
        { class: "cyst", kind: "worst", dice: 0.1, ...named[0], unknown: [], png },
        { class: "cyst", kind: "typical", dice: 0.6, ...named[4], unknown: ["never"], png },
      ],
    },
  };
}

const run = segmenterRun(true);
const document = checkedPage(runPage(run));
const cellsOf = (within: string, row: number): string[] =>
  all(all(document, `${within} tbody tr`)[row], "th, td").map(({ textContent }) => textContent.trim());
const textOf = (selector: string): string => document.querySelector(selector)?.textContent ?? "";

describe("the page of a segmenter", () => {
  test("has its parts, before those that every run has", () => {
    expect(
      all(document, "h2")
        .map(({ id }) => id)
        .slice(0, 5),
    ).toEqual(["results", "patients", "overlap", "outlines", "course"]);
    expect(all(document, "figure").map(({ id }) => id)).toEqual(
      expect.arrayContaining(["patient-roc", "patient-dice", "roc"]),
    );
    expect(textOf(".facts")).toContain("mean test Dice");
  });

  test("tells Dice and IoU of all pixels with their intervals, and of a class that no image shows none", () => {
    const overlap = run.summary?.overlapIntervals;
    if (overlap === undefined) throw new Error("the run has no overlap");
    const { dice, iou } = overlap.byClass["cyst"];
    const shown = cellsOf("section:nth-of-type(1) table", 0);
    expect(shown[0]).toBe("cyst");
    expect(shown[1]).toBe(dice.value?.toFixed(4));
    expect(shown[2]).toBe(`${dice.interval?.low.toFixed(3)} to ${dice.interval?.high.toFixed(3)}`);
    expect(shown[3]).toBe(iou.value?.toFixed(4));
    expect(cellsOf("section:nth-of-type(1) table", 2).slice(0, 3)).toEqual(["never", "–", "–"]);
    expect(textOf("section:nth-of-type(1)")).toContain("Means leave these out: never.");
  });

  test("tells of patients with the class and of false area in those without", () => {
    const {
      patients: people,
      vanished,
      falseArea,
    } = run.summary?.overlapIntervals?.byClass["<i>net</i>"] ?? {};
    const shown = cellsOf("section:nth-of-type(1) .scroll:nth-of-type(2) table", 1);
    expect(vanished).toBe(1);
    expect([shown[0], shown[1], ...shown.slice(4, 7)]).toEqual([
      ...["<i>net</i>", String(people), "1", String(falseArea?.patients), String(falseArea?.withAny)],
    ]);
  });

  test("marks the threshold on the curve of each class that has one, and tells its rates", () => {
    const found = run.summary?.patients?.byClass["cyst"];
    const { hits, of, rate } = found?.sensitivity ?? { hits: 0, of: 0, rate: 0 };
    expect(cellsOf("section:nth-of-type(2) table", 0)[5]).toBe(found?.areaAuc?.toFixed(4));
    const rates = cellsOf("section:nth-of-type(2) .scroll:nth-of-type(2) table", 0);
    expect(rates[2]).toBe(`${rate?.toFixed(3)} (${hits}/${of})`);
    expect(rates[6]).toBe(`${found?.located?.hits} of ${found?.located?.of}`);
    // "never" has no positives, so no sensitivity, no curve and no point.
    expect(all(document, "#patient-roc svg circle").length).toBe(2);
    const without = checkedPage(runPage(segmenterRun(false)));
    expect(all(without, "#patient-roc svg circle").length).toBe(0);
    expect(without.querySelector("section:nth-of-type(2)")?.textContent).toContain(
      "no threshold: there are no validation images",
    );
  });

  test("shows the outlines with a legend of the classes, and what a source does not outline", () => {
    expect(all(document, ".strips img").map((image) => image.getAttribute("alt"))).toEqual([
      "Image i0.png of site, given, predicted and wrong beside each other: Dice of cyst 0.100",
      "Image i4.png of site, given, predicted and wrong beside each other: Dice of cyst 0.600",
    ]);
    const legend = all(document, ".legend li").map(({ textContent }) => textContent);
    expect(legend).toEqual([...classes, "missed", "false alarm", "another class"]);
    expect(textOf(".strips li:nth-child(2)")).toContain("not outlined there: never");
  });

  test("shows dots of patients, evenly spread where they are many", () => {
    const people = run.summary?.overlapIntervals?.byClass["cyst"].patients ?? 0;
    expect(people).toBeGreaterThan(10);
    expect(textOf("#patient-dice figcaption")).toContain("Dots are patients, diamonds their means");
    expect(textOf("#patient-dice desc")).toContain(`(${people} patients, 95 % interval`);
  });
});
