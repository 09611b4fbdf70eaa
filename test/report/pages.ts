// What every page must be, whatever it shows; and a run and a study to make pages of.

import { parseHTML } from "linkedom";
import { expect } from "vitest";
import type { StudyScores } from "../../src/studies/scores.ts";
import type { TestPredictions } from "../../src/runs/test-predictions.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import type { RunContents } from "../../src/report/pages.ts";
import type { Losses } from "../../src/training/loss-terms.ts";

/** The little of the DOM that the tests use; the types of browsers are not loaded here. */
export interface Node {
  readonly textContent: string;
  readonly id: string;
  readonly tagName: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

export const parsePage = (page: string): Node =>
  (parseHTML as unknown as (text: string) => { readonly document: Node })(page).document;

export const all = (node: Node, selector: string): Node[] => [...node.querySelectorAll(selector)];
const text = (node: Node | null): string => node?.textContent.trim() ?? "";

/** Checks what holds for every page; returns it parsed. */
export function checkedPage(page: string): Node {
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
  const document = parsePage(page);
  const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]');
  expect(policy?.getAttribute("content")).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  );
  const ids = all(document, "[id]").map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
  expect(text(document.querySelector("title"))).not.toBe("");

  // Nothing is loaded from anywhere.
  for (const element of all(document, "[src], [href]")) {
    const target = element.getAttribute("src") ?? element.getAttribute("href") ?? "";
    expect(target).toMatch(element.tagName === "IMG" ? /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/ : /^#/);
  }
  expect(all(document, "script, link, iframe, object, embed, base, form")).toEqual([]);
  expect(page).not.toMatch(/url\(|@import|@font-face/);
  for (const element of all(document, "*")) {
    expect(element.getAttribute("onerror") ?? element.getAttribute("onclick")).toBeNull();
  }

  for (const link of all(document, "nav a")) expect(ids).toContain(link.getAttribute("href")?.slice(1));
  expect(all(document, "nav a").map(text)).toEqual(all(document, "h2").map(text));
  for (const image of all(document, "img")) expect(image.getAttribute("alt")).toMatch(/\S/);

  for (const figure of all(document, "figure")) {
    const svg = figure.querySelector('svg[role="img"]');
    const named = (svg?.getAttribute("aria-labelledby") ?? "").split(" ");
    expect(named).toHaveLength(2);
    for (const id of named) expect(text(document.querySelector(`#${id}`))).not.toBe("");
    expect(text(figure.querySelector("figcaption"))).toMatch(/\w.*\.$/s);
    // In numbers: the description of a figure without any would be none.
    expect(text(svg?.querySelector("desc") ?? null)).toMatch(/\d/);
    expect(all(figure, "details tbody tr").length).toBeGreaterThan(0);
    expect(all(figure, "svg svg, svg path, svg rect, svg g").length).toBeGreaterThan(0);
    expect(figure.textContent).not.toMatch(/NaN|undefined|Infinity|\[object/);
  }
  for (const svg of all(document, "svg *")) {
    for (const name of ["d", "x", "y", "cx", "cy", "width", "height", "transform", "x1", "x2", "y1", "y2"]) {
      expect(svg.getAttribute(name) ?? "").not.toMatch(/NaN|undefined|Infinity/);
    }
  }
  for (const table of all(document, "table")) {
    const columns = all(table, "thead th").length;
    for (const row of all(table, "tbody tr, tfoot tr")) expect(all(row, "th, td")).toHaveLength(columns);
  }
  return document;
}

/** Names that must reach the page as they are, and nothing else. */
export const oddClasses = [
  "<b>bold</b>",
  `quotes " ' & &amp; </svg></script>`,
  "Ärzte 🫁",
  "ctrl\u0000\u001b[31m",
];

export function predictionsOf(classes: readonly string[], count: number): TestPredictions {
  const random = randomStream(3, "predictions");
  const states = Uint8Array.from({ length: count * classes.length }, () => {
    const drawn = random.uniform();
    return drawn < 0.3 ? 1 : drawn < 0.8 ? 0 : drawn < 0.9 ? 255 : 130;
  });
  return {
    classes,
    images: Array.from({ length: count }, (_, i) => ({
      ...{
        source: `<i>${i % 2 === 0 ? "A" : "B"}</i>`,
        image: `f&<${i}>.png`,
        patient: i % 3 === 0 ? "p" : "",
      },
    })),
    probabilities: Float64Array.from(states, (state) => {
      const lean = state === 1 ? 0.3 : 0;
      return Math.min(1, lean + 0.7 * random.uniform());
    }),
    states,
  };
}

/** A run that came to its end, as a folder would say. */
export function runOf(classes: readonly string[], count = 200, epochs = 4, stepsPerEpoch = 5): RunContents {
  const predictions = predictionsOf(classes, count);
  const random = randomStream(4, "losses");
  const losses = (): Losses =>
    Object.fromEntries(["total", "bce", "pseudo", "consistency"].map((term) => [term, random.uniform()]));
  const each = <Value>(value: (name: string, k: number) => Value): Record<string, Value> =>
    Object.fromEntries(classes.map((name, k) => [name, value(name, k)]));
  const counted = { positive: 3, negative: 4, absent: 5, soft: 0, uncertain: 1 };
  return {
    ...{ path: "/runs/<u>first</u>", name: "u>" },
    record: {
      versions: { tessera: "0", node: "20", webgpu: null },
      ...{ commit: null, dataRoot: "/data/<b>", seed: 1, device: "reference", adapter: "CPU", driver: "" },
      manifest: { file: "a&b.yaml", sha256: "0".repeat(64), text: "classes: [<b>bold</b>]\n" },
      options: { skipBad: false },
      settings: { epochs, warmupEpochs: 1, lambdaPseudo: 1, network: { blocks: [2, 2] }, weak: { flip: 0 } },
      ...{ tuning: null, candidates: {} },
    },
    metrics: {
      steps: Array.from({ length: epochs * stepsPerEpoch }, (_, i) => ({
        ...{ epoch: Math.floor(i / stepsPerEpoch) + 1, step: i + 1, losses: losses() },
      })),
      epochs: Array.from({ length: epochs }, (_, i) => ({
        ...{ epoch: i + 1, learningRate: 1e-3, losses: losses() },
        report: { meanAuc: 0.5 + 0.1 * random.uniform() },
        validation: { meanAuc: 0.5 + 0.1 * random.uniform(), auc: {} },
      })),
    },
    classes,
    ...{ overlaps: undefined, temperature: undefined },
    summary: {
      ...{ meanAuc: 0.8, auc: each((_, k) => (k === 2 ? null : 0.8)) },
      intervals: {
        ...{
          level: 0.95,
          resamples: 2000,
          patients: 100,
          mean: { interval: { low: 0.7, high: 0.9 }, note: null },
        },
        byClass: each(() => ({ interval: { low: 0.7, high: 0.9 }, note: null })),
      },
      sources: {
        "<i>A</i>": { images: 100, meanAuc: 0.8, auc: each(() => 0.8) },
        "<i>B</i>": { images: 100, meanAuc: null, auc: each(() => null) },
      },
      ...{ epochs, kept: 2, validation: 0.6, endedEarly: false, interrupted: false, seconds: 100 },
      ...{
        images: { A: 100 },
        decoded: { images: 0, fromCache: 0 },
        skipped: ["<x>.png: is damaged"],
        parameters: 10,
      },
      ...{ seed: 1, manifest: "a&b.yaml", device: "reference", adapter: "CPU", driver: "" },
      ...{ tuning: null, candidates: {} },
    },
    predictions,
    reportData: {
      version: 1,
      coverage: [
        { source: "<i>A</i>", part: "train", images: 12, classes: classes.map(() => counted) },
        { source: "test", part: "test", images: 12, classes: classes.map(() => counted) },
      ],
      mistakes: [
        {
          ...{
            class: classes[0],
            label: "positive",
            probability: 0.001,
            source: "<i>A</i>",
            image: 'a"b.png',
          },
          ...{ patient: "", png: "iVBORw0KGgo=" },
        },
      ],
    },
    queries: classes.map((_, i) => classes.map((_, j) => (i === j ? 1 : 0.1 * random.uniform()))),
    missing: [],
  };
}

/** Three arms over four seeds, one of them with a run missing. */
export function studyOf(classes: readonly string[]): StudyScores {
  const arms = ["a", "b<b>", "c"];
  const random = randomStream(5, "study");
  const scores = arms.flatMap((arm, i) =>
    [0, 1, 2, 3].map((seed) => ({
      ...{ arm, seed, steps: 100 + i, seconds: 60 },
      auc: Object.fromEntries(
        classes.map((name, k) => [name, k === 2 ? null : 0.8 + 0.01 * i + 0.02 * random.uniform()]),
      ),
    })),
  );
  return {
    ...{ study: "overlap", question: "Is <b> & 'better'?", manifest: "/m/overlap.yaml", classes },
    groups: [
      { name: "all", classes },
      { name: "of one source", classes: classes.slice(0, 1) },
    ],
    arms: arms.map((name) => ({ name, label: `arm ${name}`, about: `What ${name} is & does.` })),
    comparisons: [
      { first: "b<b>", second: "a", question: "?" },
      { first: "c", second: "b<b>", question: "?", margin: 0.003 },
    ],
    scores: scores.slice(0, -1),
    similarity: {
      interest: classes[0],
      points: classes
        .slice(1)
        .flatMap((name, i) =>
          [0, 1].map((seed) => ({ class: name, seed, similarity: 0.1 * i, gain: 0.01 * i + 0.001 * seed })),
        ),
    },
    notes: ["Seed 3 of <c> is missing."],
  };
}
