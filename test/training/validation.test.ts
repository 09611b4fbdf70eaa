// What validation decides: the rate, the end, and the weights that are kept. Test images decide nothing.

import { describe, expect, test } from "vitest";
import { trainClassifier, type TrainingResult } from "../../src/assemble/train-classifier.ts";
import type { EpochReport } from "../../src/training/training-reports.ts";
import type { Evaluation } from "../../src/assemble/evaluation.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { findingNames } from "../../src/data/phantoms/phantom-names.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";

const open = useEngine({ device: "reference" });

const drawn = (seed: number): ImageSet =>
  phantoms({ count: 24, size: 16, site: "A", seed, knows: findingNames });
const watched = (validation = drawn(9)): Assembly => ({ ...smallAssembly(16), validation });
/** Nothing tells its images apart, so their AUC is one half whatever is learned. */
const blank = (): ImageSet => ({ ...drawn(9), pixels: new Uint8Array(24 * 16 * 16) });

type Ends = Omit<TrainingResult, "classifier"> & { readonly reports: EpochReport<Evaluation>[] };

async function run(assembly: Assembly, more: Partial<TrainingSettings>): Promise<Ends> {
  const reports: EpochReport<Evaluation>[] = [];
  const settings = {
    ...smallSettings,
    warmupEpochs: 1,
    learningRate: 5e-3,
    schedule: { by: "constant" },
    ...more,
  };
  const { classifier, ...ends } = await trainClassifier(open(), assembly, settings as TrainingSettings, {
    epoch: (report) => reports.push(report),
  });
  classifier.dispose();
  return { ...ends, reports };
}

describe("the weights that are kept", () => {
  test("are those of the epoch with the best validation, as if training had ended there", async () => {
    // Of labels the wrong way round, so that the more is learned, the worse it is.
    const { states, ...images } = drawn(9);
    const contrary = watched({ ...images, states: states.map((state) => 1 - state) });
    const best = await run(contrary, { epochs: 6 });
    const aucs = best.reports.map(({ validation }) => validation?.meanAuc ?? NaN);
    expect(best.validation).toBe(Math.max(...aucs));
    expect(best.kept).toBe(aucs.indexOf(Math.max(...aucs)) + 1);
    expect(best.kept).toBeLessThan(6);
    const shorter = await run(contrary, { epochs: best.kept, keep: "final" });
    expect(best.logits).toEqual(shorter.logits);
    expect(best.evaluation).toEqual(shorter.evaluation);
    const last = await run(contrary, { epochs: 6, keep: "final" });
    expect([last.kept, last.validation]).toEqual([6, best.validation]);
    expect(last.logits).not.toEqual(best.logits);
  });

  test("are the same whatever the test images are, and whenever they are looked at", async () => {
    const one = await run(watched(), { epochs: 4 });
    const other = await run({ ...watched(), test: drawn(77) }, { epochs: 4, evaluate: "epoch" });
    expect(other.kept).toBe(one.kept);
    expect(other.reports.map(({ evaluation: _, ...report }) => report)).toEqual(
      one.reports.map(({ evaluation: _, ...report }) => report),
    );
    // With validation to watch, test images are left for the end.
    expect(one.reports.map(({ evaluation }) => evaluation)).toEqual(Array(4).fill(undefined));
    for (const { evaluation } of other.reports) expect(evaluation?.meanAuc).toBeGreaterThan(0);
  });

  test("are the last ones without validation, or where its labels are all of one kind", async () => {
    const ones = new Uint8Array(24 * findingNames.length).fill(1);
    const plain = await run(smallAssembly(16), { epochs: 3, earlyStopping: 1 });
    const useless = await run(watched({ ...drawn(9), states: ones }), { epochs: 3, earlyStopping: 1 });
    for (const { kept, epochs, validation, endedEarly } of [plain, useless]) {
      expect([kept, epochs, validation, endedEarly]).toEqual([3, 3, null, false]);
    }
    expect(useless.logits).toEqual(plain.logits);
  });

  test("are averaged ones where that is asked for; a decay of 0 is no average at all", async () => {
    const raw = await run(smallAssembly(16), { epochs: 2 });
    const followed = await run(smallAssembly(16), { epochs: 2, ema: 0 });
    expect(followed.logits).toEqual(raw.logits);
    const averaged = await run(smallAssembly(16), { epochs: 2, ema: 0.9 });
    expect(averaged.logits).not.toEqual(raw.logits);
    // What is learned does not depend on it.
    expect(averaged.reports.map(({ losses }) => losses)).toEqual(raw.reports.map(({ losses }) => losses));
  });
});

describe("without a better validation", () => {
  test("training ends after as many epochs as it has patience", async () => {
    const { epochs, endedEarly, stopped, kept } = await run(watched(blank()), {
      epochs: 9,
      earlyStopping: 3,
    });
    expect({ epochs, endedEarly, stopped, kept }).toEqual({
      epochs: 4,
      endedEarly: true,
      stopped: false,
      kept: 1,
    });
  });

  test("the rate falls, though the training loss falls too", async () => {
    const schedule = { by: "plateau", patience: 1 } as const;
    const settings = { epochs: 5, schedule, warmupEpochs: 5, batch: 32 };
    const { reports } = await run(watched(blank()), settings);
    expect(reports.map(({ learningRate }) => learningRate / 5e-3)).toEqual([1, 1, 1, 0.5, 0.5]);
    expect(reports[4].losses.bce).toBeLessThan(reports[0].losses.bce);
    const { reports: unwatched } = await run(smallAssembly(16), settings);
    expect(unwatched.map(({ learningRate }) => learningRate / 5e-3)).toEqual([1, 1, 1, 1, 1]);
  });
});
