import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import { CheckpointError } from "../../src/errors/training-errors.ts";
import { UsageError } from "../../src/errors/errors.ts";
import type { ByteStorage } from "../../src/files/byte-storage.ts";
import { fileStorage } from "../../src/files/file-storage.ts";
import { opfsStorage } from "../../src/files/opfs-storage.ts";
import type { Module } from "../../src/nn/module.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { storedCheckpoints } from "../../src/training/stored-checkpoints.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = await openEngine({ device: "reference" });
  folder = mkdtempSync(join(tmpdir(), "tessera-stored-"));
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllGlobals();
});

/** The part of a browser's file system that is used, in memory: what is written is there when it is closed. */
function memoryFileSystem(files = new Map<string, Uint8Array>(), below = ""): object {
  return {
    getDirectoryHandle: (name: string) => Promise.resolve(memoryFileSystem(files, `${below}${name}/`)),
    getFileHandle: (name: string, { create = false } = {}) => {
      const path = below + name;
      if (!files.has(path) && !create) {
        return Promise.reject(Object.assign(new Error("it is not there"), { name: "NotFoundError" }));
      }
      return Promise.resolve({
        getFile: () =>
          Promise.resolve({ arrayBuffer: () => Promise.resolve(files.get(path)?.slice().buffer) }),
        createWritable: () => {
          let next = new Uint8Array();
          return Promise.resolve({
            write: (bytes: Uint8Array) => Promise.resolve(void (next = bytes.slice())),
            close: () => Promise.resolve(void files.set(path, next)),
            abort: () => Promise.resolve(),
          });
        },
      });
    },
  };
}

const inMap = (): ByteStorage => {
  const kept = new Map<string, Uint8Array>();
  return {
    read: (name) => Promise.resolve(kept.get(name)?.slice()),
    write: (name, bytes) => Promise.resolve(void kept.set(name, bytes.slice())),
  };
};

const storages: readonly (readonly [string, () => Promise<ByteStorage>])[] = [
  ["a program", () => Promise.resolve(inMap())],
  ["Node", () => Promise.resolve(fileStorage(join(folder, "kept")))],
  [
    "a browser",
    () => {
      vi.stubGlobal("navigator", { storage: { getDirectory: () => Promise.resolve(memoryFileSystem()) } });
      return opfsStorage();
    },
  ],
];

const assembly = smallAssembly(12);
const settings = { ...smallSettings, epochs: 3, steps: 5, warmupEpochs: 1, batch: 8 };

/** Losses by step, and the weights in the end; stops after so many steps. */
async function run(
  storage?: ByteStorage,
  stopAfter = Infinity,
): Promise<{ losses: unknown[]; weights: unknown }> {
  const losses: unknown[] = [];
  const stop = new AbortController();
  const listener = {
    step: (report: { readonly step: number }) => {
      losses.push(report);
      if (report.step === stopAfter) stop.abort();
    },
  };
  const checkpoints =
    storage && (await storedCheckpoints(storage, "run.safetensors", { every: { steps: 1 } }));
  const { classifier } = await trainClassifier(
    engine,
    assembly,
    settings,
    listener,
    stop.signal,
    checkpoints,
  );
  const weights = await readWeights(classifier);
  classifier.dispose();
  return { losses, weights };
}

describe.each(storages)("in the storage of %s,", (where, open) => {
  test("a run goes on from its checkpoint as if it had not stopped, bit for bit", async () => {
    const whole = await run();
    expect(whole.losses).toHaveLength(5);
    const storage = await open();
    const first = await run(storage, 2);
    expect(first.losses.length).toBeLessThan(5);
    const second = await run(storage);
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
    if (where === "Node") expect(readdirSync(join(folder, "kept"))).toEqual(["run.safetensors"]);
  });

  test("what is there and is no checkpoint is refused by name; names of other folders are, too", async () => {
    const storage = await open();
    await storage.write("run.safetensors", new Uint8Array(100));
    await expect(storedCheckpoints(storage, "run.safetensors")).rejects.toThrow(CheckpointError);
    await expect(storedCheckpoints(storage, "run.safetensors")).rejects.toThrow(
      /^run\.safetensors: is damaged/u,
    );
    await expect(storedCheckpoints(storage, "../run")).rejects.toThrow(UsageError);
    expect((await storedCheckpoints(storage, "another")).from).toBeUndefined();
  });
});

test("where there is no file system of a browser, the error says what to take", async () => {
  vi.stubGlobal("navigator", undefined);
  await expect(opfsStorage()).rejects.toThrow(/in Node take fileStorage/u);
});

test("a listener is given what learns before the first step, and reads its class queries after each epoch", async () => {
  let module: Module | undefined;
  const seen: unknown[] = [];
  const queries: Promise<ArrayLike<number>>[] = [];
  const { classifier } = await trainClassifier(
    engine,
    assembly,
    { ...settings, epochs: 2, steps: undefined },
    {
      begun: (begun) => {
        module = begun;
        seen.push("begun");
      },
      step: () => seen.push("step"),
      epoch: ({ evaluation }) => {
        expect(Object.keys(evaluation?.auc ?? {})).toEqual(assembly.classes);
        if (module instanceof Classifier && "queries" in module.head) {
          queries.push((module.head.queries as { read(): Promise<ArrayLike<number>> }).read());
        }
      },
    },
  );
  expect(module).toBe(classifier);
  expect(seen.slice(0, 2)).toEqual(["begun", "step"]);
  const [first, second] = (await Promise.all(queries)).map((each) => Array.from(each));
  expect(first).toHaveLength(assembly.classes.length ** 2);
  expect(second).not.toEqual(first);
  classifier.dispose();
});
