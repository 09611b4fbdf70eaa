// A task trained into a run folder: what lies there, going on, and folders that are not this task's.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ModelError, RunFolderError } from "../../src/errors/training-errors.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { readTensorFile, writeTensorFile } from "../../src/interchange/safetensors.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { readTaskModel } from "../../src/runs/task-model.ts";
import { readModelFile } from "../../src/runs/model-file.ts";
import { readRunRecord } from "../../src/runs/run-files.ts";
import { resumeRun } from "../../src/runs/run-start.ts";
import { trainTask, type TaskRunOptions } from "../../src/runs/train-task.ts";
import { useEngine } from "../engines.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { Line, lineTask } from "../training/small-task.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const open = useEngine({ device: "reference" });
const settings = { epochs: 3, learningRate: 0.05 };

async function run(
  name: string,
  { epochs = 3, ...options }: Partial<TaskRunOptions> & { readonly epochs?: number } = {},
): Promise<{ stopped: boolean }> {
  const task = lineTask(open());
  try {
    const { stopped } = await trainTask(
      task,
      { ...settings, epochs },
      {
        name: "line",
        out: join(folder.path, name),
        ...options,
      },
    );
    return { stopped };
  } finally {
    task.module.dispose();
  }
}
const text = (name: string, file: string): string => readFileSync(join(folder.path, name, file), "utf8");

describe("a finished run", () => {
  test("has a record, metrics by term, a summary and weights", async () => {
    expect(await run("whole")).toEqual({ stopped: false });
    expect(JSON.parse(text("whole", "run.json"))).toMatchObject({
      ...{ task: "line", data: "points of stream 1", device: "reference" },
      settings: { epochs: 3, learningRate: 0.05, batch: 8, alone: 4 },
    });
    const lines = text("whole", "metrics.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toHaveLength(3 * 7);
    expect(Object.keys(lines[0])).toEqual(["kind", "epoch", "step", "loss", "squares", "size"]);
    expect(lines.at(-1)).toMatchObject({
      kind: "epoch",
      epoch: 3,
      validation: { closeness: expect.any(Number) as number },
    });
    const summary = JSON.parse(text("whole", "summary.json")) as { score: number; report: object };
    expect(summary).toMatchObject({ task: "line", epochs: 3, interrupted: false, parameters: 4 });
    expect(summary.report).toEqual({ closeness: summary.score });
    expect(existsSync(join(folder.path, "whole", "model.safetensors"))).toBe(true);
  });

  test("is not written over, unless that is asked for", async () => {
    await expect(run("whole")).rejects.toThrow(/the folder is not empty/);
    expect(await run("whole", { force: true })).toEqual({ stopped: false });
  });
});

test("the summary tells validation of the weights in the model file, also where the task settles them", async () => {
  const task = lineTask(open());
  const settle = (line: Line) => {
    open().write(line.linear.weight, new Float32Array(3));
    return Promise.resolve();
  };
  const options = { name: "line", out: join(folder.path, "settled") };
  const { validation, settled, summary } = await trainTask({ ...task, settle }, settings, options);
  expect(settled?.validation).not.toBe(validation);
  expect(summary.validation).toBe(settled?.validation);
  task.module.dispose();
});

test("files beside the run lie there from its first step on; none takes the place of the run's own", async () => {
  const controller = new AbortController();
  const files = { "words.json": "[]\n" };
  const there: boolean[] = [];
  await run("beside", {
    ...{ files, signal: controller.signal },
    listener: {
      begun: () => there.push(existsSync(join(folder.path, "beside", "words.json"))),
      step: () => {
        there.push(existsSync(join(folder.path, "beside", "words.json")));
        controller.abort();
      },
    },
  });
  expect(there.slice(0, 2)).toEqual([false, true]);
  expect(await run("beside", { resume: true })).toEqual({ stopped: false });
  expect(text("beside", "words.json")).toBe("[]\n");
  for (const name of ["run.json", "../words.json", "model.safetensors.1.part"]) {
    await expect(run("beside", { force: true, files: { [name]: "" } })).rejects.toThrow(
      "trainTask: files must be texts by names of files",
    );
  }
});

test("a run that was stopped goes on to the same files", async () => {
  await run("one");
  const controller = new AbortController();
  const begun = await run("two", {
    ...{ signal: controller.signal, checkpointEvery: { steps: 2 } },
    listener: { epoch: () => controller.abort() },
  });
  expect(begun).toEqual({ stopped: true });
  expect(JSON.parse(text("two", "summary.json"))).toMatchObject({ interrupted: true, epochs: 1 });
  expect(await run("two", { resume: true })).toEqual({ stopped: false });
  expect(text("two", "metrics.jsonl")).toBe(text("one", "metrics.jsonl"));
  expect(text("two", "model.safetensors")).toBe(text("one", "model.safetensors"));
});

test("a folder of another task, or of a manifest's run, is refused by name", async () => {
  const controller = new AbortController();
  await run("other", {
    name: "curve",
    signal: controller.signal,
    listener: { epoch: () => controller.abort() },
  });
  await expect(run("other", { resume: true })).rejects.toThrow(
    'other: holds a run of the task "curve", not of the task "line"; name another folder',
  );
  const path = join(folder.path, "other");
  await expect(resumeRun(path)).rejects.toThrow(RunFolderError);
  expect(() => readRunRecord(path)).toThrow('holds a run of the task "curve", not of a manifest');
  await expect(readModelFile(join(folder.path, "one"))).rejects.toThrow(ModelError);
  await expect(readModelFile(join(folder.path, "one"))).rejects.toThrow(
    'weights of the task "line"; readTaskModel reads them',
  );
  await expect(run("none", { resume: true })).rejects.toThrow(
    /none: does not exist; name the folder of a run/,
  );
  await expect(run("blank", { name: " " })).rejects.toThrow("trainTask: name must say");
});

describe("a task", () => {
  test.each(["loss", "validation", "learningRate", "step"])(
    "cannot call a term %s, which a line of metrics has",
    async (term) => {
      const task = { ...lineTask(open()), terms: ["total", "squares", term] };
      const options = { name: "line", out: join(folder.path, `term-${term}`) };
      await expect(trainTask(task, settings, options)).rejects.toThrow(
        `task: a loss term cannot be called "${term}", which a line of metrics.jsonl has already`,
      );
      task.module.dispose();
    },
  );

  test("goes on with its own settings and data alone, also before its first checkpoint", async () => {
    const controller = new AbortController();
    const listener = { epoch: () => controller.abort() };
    await run("before", { signal: controller.signal, listener });
    rmSync(join(folder.path, "before", "checkpoint.safetensors"));
    const resumed = async (change: object, rate = 0.05): Promise<unknown> => {
      const task = { ...lineTask(open()), ...change };
      const options = { name: "line", out: join(folder.path, "before"), resume: true };
      return trainTask(task, { ...settings, learningRate: rate }, options).finally(() =>
        task.module.dispose(),
      );
    };
    await expect(resumed({}, 0.1)).rejects.toThrow("was begun with learningRate 0.05, and this run has 0.1");
    await expect(resumed({ data: "others" })).rejects.toThrow("was begun on other data");
    await resumed({});
    expect(text("before", "metrics.jsonl")).toBe(text("one", "metrics.jsonl"));
  });

  test("is trained longer by settings that say so, to the files of one that was as long from the start", async () => {
    await run("long", { epochs: 5 });
    await run("short");
    expect(await run("short", { resume: true, epochs: 5 })).toEqual({ stopped: false });
    for (const file of ["metrics.jsonl", "model.safetensors"])
      expect(text("short", file)).toBe(text("long", file));
    await expect(run("short", { resume: true, epochs: 5 })).rejects.toThrow("the run is finished");
    await expect(run("short", { resume: true, epochs: 4 })).rejects.toThrow("the run has 5 epochs already");
  });

  test("has its weights read back into a module of its kind, and into no other", async () => {
    const module = new Line(open());
    expect(await readTaskModel(module, join(folder.path, "one"))).toEqual({ task: "line", epoch: 3 });
    const file = readFileSync(join(folder.path, "one", "model.safetensors"));
    const written = await readTensorFile(join(folder.path, "one", "model.safetensors"), "tessera model 1");
    const earlier = join(folder.path, "earlier.safetensors");
    await writeTensorFile(earlier, "tessera model 1", { ...written, record: { task: "line", epoch: 3 } });
    await expect(readTaskModel(module, earlier)).rejects.toThrow(
      "whose Linear had weights [inputs, outputs] and not [outputs, inputs]",
    );
    const values = new Float64Array(Uint8Array.from(file.subarray(-32)).buffer);
    const read = [...(await module.linear.weight.read()), ...((await module.linear.bias?.read()) ?? [])];
    expect(read).toEqual(Array.from(values));
    const wide = new Linear(open(), new Initialiser(open(), 1), 3, 2);
    await expect(readTaskModel(wide, join(folder.path, "one"))).rejects.toThrow(
      /does not fit this module: it has no tensor "weight"/,
    );
    for (const each of [module, wide]) each.dispose();
  });
});

test("a setting that the loop does not have is refused with the nearest, and a path through a file as one", async () => {
  const task = lineTask(open());
  const out = join(folder.path, "typo");
  const typo = { ...settings, clipnorm: 3 };
  await expect(trainTask(task, typo, { name: "line", out })).rejects.toThrow(
    'train: there is no setting "clipnorm"; did you mean "clipNorm"?',
  );
  const through = join(folder.path, "one", "run.json", "x");
  await expect(trainTask(task, settings, { name: "line", out: through })).rejects.toThrow(RunFolderError);
  task.module.dispose();
  await expect(resumeRun(join(folder.path, "one", "run.json"))).rejects.toThrow(
    /run.json: is a file; name the folder/,
  );
  await expect(readModelFile(through)).rejects.toThrow(ModelError);
});

test("a task's run that has not ended is no model for a command, and is not told to go on with one", async () => {
  const controller = new AbortController();
  await run("unfinished", { signal: controller.signal, listener: { epoch: () => controller.abort() } });
  await expect(readModelFile(join(folder.path, "unfinished"))).rejects.toThrow(
    'holds an unfinished run of the task "line", not of a manifest',
  );
});
