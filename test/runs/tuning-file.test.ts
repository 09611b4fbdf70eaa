// The tuning file: written and read back, and never trusted when it is damaged or not of this adapter.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  cacheFolder,
  digestOf,
  readTuning,
  tuningPath,
  withTuned,
  writeTuning,
  type TuningFile,
} from "../../src/runs/tuning-file.ts";
import { UsageError } from "../../src/errors/errors.ts";
import type { AdapterTraits } from "../../src/device/traits.ts";
import type { TunedWork } from "../../src/tuning/tuner.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";

const traits: AdapterTraits = {
  ...{ name: "Some GPU (3)", vendor: "maker", architecture: "new", description: "driver 1.2" },
  ...{ isSoftware: false, features: new Set<string>(), subgroupSize: { minimum: 0, maximum: 0 } },
  ...{ maxWorkgroupsPerDimension: 65535, maxInvocationsPerWorkgroup: 256 },
  ...{ maxStorageBuffers: 16, maxBindingBytes: 2 ** 27, maxBufferBytes: 2 ** 28 },
};
const version = "1.2.3";

function tunedWork(key: string, chosen: string): TunedWork {
  const operator = {
    name: "thing",
    infer: () => [],
    reference: () => undefined,
    candidates: () => [],
  };
  const work = { key, operator, inputs: [], attributes: {}, candidates: ["a", "b"], calls: [1] };
  return { work, rule: "b", chosen, ruleSeconds: 0.123456789, chosenSeconds: 0.1, times: [] };
}

const entry = (candidate: string): TuningFile["works"][string] => ({
  ...{ candidate, rule: "b", seconds: 0.1, ruleSeconds: 0.1235 },
});

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

describe("a tuning file", () => {
  const write = async (): Promise<string> => {
    const file = tuningPath(traits, version, folder);
    await writeTuning(
      file,
      withTuned(undefined, traits, version, [tunedWork("one", "a"), tunedWork("two", "b")]),
    );
    return file;
  };

  test("is read as it was written, and nothing else is left in its folder", async () => {
    const file = await write();
    const found = readTuning(file, traits, version);
    if (found.kind !== "tuning") throw new Error(found.kind);
    expect(found.tuning.works).toEqual({ one: entry("a"), two: entry("b") });
    expect(readdirSync(join(folder, "tuning"))).toHaveLength(1);
  });

  test("keeps older works, and new measurements of the same work win", async () => {
    const found = readTuning(await write(), traits, version);
    if (found.kind !== "tuning") throw new Error(found.kind);
    const merged = withTuned(found.tuning, traits, version, [tunedWork("two", "a"), tunedWork("three", "a")]);
    expect(merged.works).toEqual({ one: entry("a"), two: entry("a"), three: entry("a") });
    expect(digestOf(merged)).not.toBe(digestOf(found.tuning));
    expect(digestOf({ ...merged })).toBe(digestOf(merged));
  });

  test("that there is not is no problem", () => {
    expect(readTuning(join(folder, "none.json"), traits, version)).toEqual({ kind: "none" });
  });

  test.each<[string, (text: string) => string, RegExp]>([
    ["cut off", (text) => text.slice(0, 100), /damaged: not valid JSON/],
    ["of another kind", () => '{"some": "file"}', /no tuning file of this format: format/],
    [
      "with a hole",
      (text) => text.replace(/"candidate": "a"/, '"candidate": 3'),
      /format: works\.one\.candidate/,
    ],
    ["of another version", (text) => text.replace("1.2.3", "1.2.2"), /version 1\.2\.2, this is 1\.2\.3/],
    ["of another adapter", (text) => text.replace("Some GPU", "Other GPU"), /another adapter.*Other GPU/],
    ["of another driver", (text) => text.replace("driver 1.2", "driver 1.1"), /driver.*driver 1\.1/],
  ])("%s is not trusted, and the reason is told", async (_, spoil, problem) => {
    const file = await write();
    writeFileSync(file, spoil(readFileSync(file, "utf8")));
    const found = readTuning(file, traits, version);
    if (found.kind !== "unusable") throw new Error(found.kind);
    expect(found.problem).toMatch(problem);
  });

  test("that cannot be read is not trusted, either", () => {
    expect(readTuning(folder, traits, version).kind).toBe("unusable");
  });

  test("that cannot be written is an error that names it", async () => {
    const blocked = join(folder, "file");
    writeFileSync(blocked, "");
    const file = join(blocked, "tuning.json");
    const writing = (): Promise<void> => writeTuning(file, withTuned(undefined, traits, version, []));
    await expect(writing()).rejects.toThrow(UsageError);
    await expect(writing()).rejects.toThrow(/tuning\.json: cannot be written.*TESSERA_CACHE/);
  });

  test("has a name for each adapter, driver and version", () => {
    const names = [
      tuningPath(traits, version, folder),
      tuningPath(traits, "1.2.4", folder),
      tuningPath({ ...traits, description: "driver 1.3" }, version, folder),
      tuningPath({ ...traits, vendor: "another" }, version, folder),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toMatch(/tuning.some-gpu-3-driver-1\.2-1\.2\.3-[0-9a-f]{8}\.json$/);
  });
});

test("the cache folder is the platform's own, unless a variable names another", () => {
  const home = "/home/me";
  expect(cacheFolder({}, "linux", home)).toBe(join(home, ".cache", "tessera"));
  expect(cacheFolder({ XDG_CACHE_HOME: "/cache" }, "linux", home)).toBe(join("/cache", "tessera"));
  expect(cacheFolder({ XDG_CACHE_HOME: "" }, "linux", home)).toBe(join(home, ".cache", "tessera"));
  expect(cacheFolder({}, "darwin", home)).toBe(join(home, "Library", "Caches", "tessera"));
  expect(cacheFolder({ LOCALAPPDATA: "/local" }, "win32", home)).toBe(join("/local", "tessera"));
  expect(cacheFolder({ TESSERA_CACHE: "/mine", XDG_CACHE_HOME: "/cache" }, "linux", home)).toBe("/mine");
});
