// A finished run that is trained longer ends as one that was as long from the start, bit for bit.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { beginRun, resumeRun, type ResumeOptions, type RunOptions } from "../../src/runs/run-start.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import type { Summary } from "../../src/runs/summary.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { twoSites } from "../cli/two-sites.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const cache = join(folder.path, "cache");
const text = (out: string, file: string): string => readFileSync(join(folder.path, out, file), "utf8");

function manifestOf(train: string): string {
  const file = join(folder.path, "sites.yaml");
  // Three epochs of three steps: two of eight images and one of four would be drawn as often.
  const images = { images: 12, tested: 16, validated: 12 };
  writeFileSync(file, twoSites({ ...images, blocks: 1, train: `batch: 8, ${train}` }));
  return file;
}

type Length = Pick<RunOptions, "epochs" | "steps">;

const begin = async (out: string, train: string, length: Length, signal?: AbortSignal): Promise<Summary> =>
  await trainRun(
    await beginRun(manifestOf(train), {
      ...{ dataRoot: folder.path, out: join(folder.path, out), device: "reference", seed: 3, cache },
      ...{ tuning: "none", force: true, ...length },
    }),
    {},
    signal,
  );

/** @param stopAfter epochs after which a signal comes */
async function goOn(out: string, length: ResumeOptions, stopAfter = Infinity): Promise<Summary> {
  const controller = new AbortController();
  let epochs = 0;
  const epoch = (): void => {
    if (++epochs === stopAfter) controller.abort();
  };
  return await trainRun(
    await resumeRun(join(folder.path, out), { cache, ...length }),
    { training: () => ({ epoch }) },
    controller.signal,
  );
}

/** What of a run folder must be equal. */
const files = ["metrics.jsonl", "model.safetensors", "test-predictions.csv"];
const summaryOf = (out: string): unknown => {
  const {
    seconds: _,
    decoded: __,
    ...rest
  } = JSON.parse(text(out, "summary.json")) as Record<string, unknown>;
  return rest;
};

describe("a finished run that is trained longer ends as one that was as long from the start", () => {
  const more =
    "warmupEpochs: 1, learningRate: 0.01, ema: 0.5, keep: best, schedule: { by: halving, every: 1 }";

  test.each<[string, string, Length, Length]>([
    ["by epochs, with the best weights of an average", more, { epochs: 2 }, { epochs: 3 }],
    // The run ends in its second epoch, of which it has one step.
    ["by steps, from within an epoch", more, { steps: 4 }, { steps: 8 }],
    ["from epochs to steps", "learningRate: 0.01, warmupEpochs: 0", { epochs: 1 }, { steps: 5 }],
    [
      "past the epoch in which a part joins in",
      "learningRate: 0.01, warmupEpochs: 0, freeze: features, unfreeze: { features.norm2: 2, features.denseblock1: 3 }",
      { epochs: 1 },
      { epochs: 3 },
    ],
  ])("%s", async (_, train, short, long) => {
    const whole = await begin("whole", train, long);
    const first = await begin("part", train, short);
    expect(first.epochs).toBeLessThan(whole.epochs + 1);
    expect(first.interrupted).toBe(false);
    await goOn("part", long);
    for (const file of files) expect(text("part", file), file).toBe(text("whole", file));
    expect(summaryOf("part")).toEqual(summaryOf("whole"));
    const [made, asked] = ["part", "whole"].map((out) => JSON.parse(text(out, "run.json")) as object);
    expect(made).toMatchObject({ settings: (asked as { settings: object }).settings });
    expect(made).toMatchObject({ options: (asked as { options: object }).options });
  });

  test("and so does one that was stopped on the way, or is asked for more while it is not finished", async () => {
    const train = "warmupEpochs: 1, learningRate: 0.01";
    await begin("whole", train, { epochs: 4 });
    await begin("part", train, { epochs: 2 });
    expect(await goOn("part", { epochs: 3 }, 1)).toMatchObject({ interrupted: true, epochs: 3 });
    expect(await goOn("part", { epochs: 4 }, 1)).toMatchObject({ interrupted: true, epochs: 4 });
    // Its own length by now.
    expect(await goOn("part", {})).toMatchObject({ interrupted: false, epochs: 4 });
    for (const file of files) expect(text("part", file), file).toBe(text("whole", file));
  });

  test("but for a cosine, which follows the whole run: it goes on along the longer wave", async () => {
    const train = "warmupEpochs: 0, learningRate: 0.01, schedule: cosine";
    await begin("whole", train, { epochs: 3 });
    await begin("part", train, { epochs: 2 });
    await goOn("part", { epochs: 3 });
    const rates = (out: string): number[] =>
      text(out, "metrics.jsonl")
        .split("\n")
        .filter((line) => line.includes('"epoch",'))
        .map((line) => (JSON.parse(line) as { learningRate: number }).learningRate);
    expect(rates("part")).toHaveLength(3);
    expect(rates("part")[2]).toBe(rates("whole")[2]);
    expect(rates("part")[1]).toBeLessThan(rates("whole")[1]);
  });
});

describe("is refused, and nothing has changed:", () => {
  const train = "warmupEpochs: 0, learningRate: 0.01, earlyStopping: 1, keep: best, schedule: constant";
  const refused = async (out: string, length: ResumeOptions): Promise<string> => {
    const before = [...files, "run.json"].map((file) => text(out, file));
    const said = await goOn(out, length).then(
      () => "nothing",
      (error: unknown) => (error as Error).message,
    );
    expect([...files, "run.json"].map((file) => text(out, file))).toEqual(before);
    return said;
  };

  test("a length that a run has already, and none at all", async () => {
    await begin("done", "warmupEpochs: 0, earlyStopping: null", { epochs: 2 });
    const out = join(folder.path, "done");
    expect(await refused("done", { epochs: 2 })).toBe(
      `${out}: the run has 2 epochs already; say how many it is to have in all (epochs)`,
    );
    expect(await refused("done", { steps: 3 })).toMatch(/has 6 steps already; .* \(steps\)$/u);
    expect(await refused("done", {})).toMatch(/is finished; see summary\.json there, or train it longer/u);
    rmSync(join(out, "checkpoint.safetensors"));
    expect(await refused("done", { epochs: 3 })).toBe(
      `--resume ${out}: the run is finished, and its checkpoint.safetensors is not there, as earlier versions left it; begin ` +
        `another with its weights: --from ${out}`,
    );
  });

  test("a run that early stopping ended", async () => {
    const { endedEarly, epochs, kept } = await begin("early", train, { epochs: 20 });
    expect(endedEarly).toBe(true);
    expect(await refused("early", { epochs: epochs + 3 })).toMatch(
      new RegExp(
        `ended early, 1 epoch after epoch ${kept}, the best, and would again; begin another with its weights`,
        "u",
      ),
    );
  });
});
