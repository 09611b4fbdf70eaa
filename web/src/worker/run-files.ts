// A training of the page as a run folder says it: its record (run.json) and its report, the page that `tessera report` writes.

import { evaluationBySource, probabilitiesOf, testIntervals, type QueryHead } from "tessera/assemble";
import type { ImageSet } from "tessera/data";
import type { RunContents } from "../../../src/runs/read-run.ts";
import type { RunRecord } from "../../../src/runs/run-record.ts";
import { assembledName, type Adapter, type Mistake, type Setup } from "../protocol.ts";
import { rgbaOf } from "../pixels.ts";
import type { Trained } from "./training.ts";

/** That of package.json, as the page is built (vite.config.ts). */
declare const __TESSERA_VERSION__: string;

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `run.json`: as of a run folder, with what was chosen on the page in the place of the manifest. */
export async function recordOf(trained: Trained, setup: Setup, adapter: Adapter): Promise<RunRecord> {
  const text = JSON.stringify(setup, null, 2);
  return {
    versions: { tessera: __TESSERA_VERSION__, runtime: navigator.userAgent, node: "none", webgpu: null },
    commit: null,
    settings: JSON.parse(JSON.stringify(trained.settings)) as RunRecord["settings"],
    ...{
      device: adapter.device,
      adapter: adapter.name,
      driver: adapter.device === "webgpu" ? "the browser's" : "",
    },
    manifest: { file: setup.own?.name ?? "drawn radiographs", sha256: await sha256(text), text },
    ...{ dataRoot: "", seed: setup.seed, classes: [...trained.arm.classes] },
    options: { skipBad: true },
    ...{ tuning: null, candidates: {} },
  };
}

/** The report, as HTML that loads nothing. What draws it is loaded when somebody asks. */
export async function reportOf(trained: Trained, setup: Setup, adapter: Adapter): Promise<string> {
  const { runPage } = await import("../../../src/report/run/run-page.ts");
  return runPage(await contentsOf(trained, setup, adapter));
}

async function contentsOf(trained: Trained, setup: Setup, adapter: Adapter): Promise<RunContents> {
  const { arm, classifier, learned, result, history, mistakes } = trained;
  const record = await recordOf(trained, setup, adapter);
  const { classes, test, sources } = learned;
  const { evaluation, logits } = result;
  const auc = evaluation?.auc ?? Object.fromEntries(classes.map((name) => [name, null]));
  const { queries } = classifier.head as Partial<QueryHead>;
  const values = await queries?.read();
  const images = Array.from({ length: test.count }, (_, row) => ({
    ...{ source: trained.sourceOf(row) ?? test.source, image: String(row), patient: "" },
  }));
  return {
    ...{
      path: "",
      name: arm.name === assembledName ? "of both, assembled" : `of hospital ${arm.name} alone`,
      record,
      classes,
    },
    metrics: {
      steps: history.steps.map(({ epoch, step, losses, total }) => ({
        epoch,
        step,
        losses: { ...losses, total },
      })),
      epochs: history.epochs.map(({ epoch, learningRate, losses, meanAuc, auc: byClass }) => ({
        ...{ epoch, learningRate, losses: { total: losses["total"] ?? NaN, ...losses } },
        report: { meanAuc, auc: byClass },
      })),
    },
    summary: {
      ...{ meanAuc: evaluation?.meanAuc ?? null, auc },
      intervals: logits === undefined ? null : testIntervals(logits, test, classes),
      sources: logits === undefined ? null : evaluationBySource(logits, test, classes),
      ...{ epochs: result.epochs, kept: result.kept, validation: null, endedEarly: false },
      ...{ interrupted: result.stopped, seconds: Math.round(trained.seconds * 10) / 10 },
      ...{
        parameters: classifier.parameterCount,
        device: adapter.device,
        adapter: adapter.name,
        driver: record.driver,
      },
      ...{ tuning: null, candidates: {}, seed: setup.seed, manifest: record.manifest.file },
      images: Object.fromEntries(sources.map(({ source, count }) => [source, count])),
      ...{ decoded: { images: 0, fromCache: 0 }, skipped: [] },
    },
    predictions:
      logits === undefined
        ? undefined
        : { classes, images, probabilities: probabilitiesOf(logits), states: test.states },
    overlaps: undefined,
    reportData: {
      version: 1,
      coverage: [...sources.map((set) => coverage(set, "train", classes)), coverage(test, "test", classes)],
      mistakes: await Promise.all(mistakes.map(shownMistake)),
    },
    temperature: undefined,
    queries:
      values === undefined || queries === undefined
        ? undefined
        : classes.map((_, k) => values.slice(k * classes.length, (k + 1) * classes.length)),
    missing: result.stopped ? ["The training was stopped; it can go on in its page."] : [],
  };
}

type ReportData = NonNullable<RunContents["reportData"]>;

function coverage(
  set: ImageSet,
  part: "train" | "test",
  classes: readonly string[],
): ReportData["coverage"][number] {
  const count = (k: number, wanted: number): number =>
    set.states.reduce((sum, state, at) => sum + (at % classes.length === k && state === wanted ? 1 : 0), 0);
  return {
    ...{ source: set.source, part, images: set.count },
    classes: classes.map((_, k) => {
      const [negative, positive, absent] = [count(k, 0), count(k, 1), count(k, 255)];
      return { positive, negative, absent, soft: set.count - positive - negative - absent, uncertain: 0 };
    }),
  };
}

async function shownMistake(mistake: Mistake): Promise<ReportData["mistakes"][number]> {
  const { index, truth, probability, source = "test", heat } = mistake;
  return {
    ...{ class: mistake.class, label: truth ? "positive" : "negative", probability },
    ...{ source, image: String(index), patient: "", png: await png(mistake) },
    ...(heat === undefined ? {} : { heat: await png(mistake, heat) }),
  };
}

/** A PNG file in base 64, enlarged so that its pixels can be seen. */
async function png(image: Mistake, heat?: Mistake["heat"]): Promise<string> {
  const side = image.size * Math.max(1, Math.round(112 / image.size));
  const [small, large] = [new OffscreenCanvas(image.size, image.size), new OffscreenCanvas(side, side)];
  small.getContext("2d")?.putImageData(rgbaOf(image, heat), 0, 0);
  const context = large.getContext("2d");
  if (context !== null) {
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, side, side);
  }
  const bytes = new Uint8Array(await (await large.convertToBlob({ type: "image/png" })).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
