// The record, summary and report of a training in memory are those that `tessera train` leaves in a folder.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ofLength, settingsOf } from "../../../src/assemble/manifest-settings.ts";
import { trainClassifier } from "../../../src/assemble/train-classifier.ts";
import { parseTrainingManifest } from "../../../src/assemble/training-manifest.ts";
import { loadAssembly } from "../../../src/data/assembly/load.ts";
import { trainingTexts } from "../../../src/report/run/training-texts.ts";
import { writeReport } from "../../../src/report/write-report.ts";
import { metricsLines } from "../../../src/runs/metrics-lines.ts";
import { beginRun } from "../../../src/runs/run-start.ts";
import { trainRun } from "../../../src/runs/train-run.ts";
import { openEngine } from "../../../src/runtime/open-engine.ts";
import { twoSites } from "../../cli/two-sites.ts";
import { temporaryFolder } from "../../data/formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

type Json = Readonly<Record<string, unknown>>;
const parsed = (text: string): Json => JSON.parse(text) as Json;
const without = (record: Json, ...names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));

test("texts of a training are the files of its run, but for time and place", async () => {
  const text = twoSites({ images: 16, tested: 12, train: "batch: 8, epochs: 2, warmupEpochs: 1" });
  writeFileSync(join(folder.path, "first.yaml"), text);
  const out = join(folder.path, "first.yaml-run");
  await trainRun(
    await beginRun(join(folder.path, "first.yaml"), {
      ...{ dataRoot: folder.path, out, device: "reference", seed: 3 },
      ...{ cache: join(folder.path, "cache"), tuning: "none" },
    }),
  );
  await writeReport(out, undefined, true);

  const manifest = parseTrainingManifest(text, "first.yaml");
  const assembly = await loadAssembly(manifest, { dataRoot: folder.path, seed: 3 });
  const settings = ofLength(settingsOf(manifest, 3), {});
  const engine = await openEngine({ device: "reference" });
  let metrics = "";
  const result = await trainClassifier(
    ...([engine, assembly, settings, metricsLines((line) => (metrics += line))] as const),
  );
  const told = {
    name: "first.yaml",
    assembly,
    settings,
    result,
    metrics,
    seconds: 4,
    data: text,
    identify: true,
  };
  const { record, summary, report } = await trainingTexts(engine, told);
  const { report: unnamed } = await trainingTexts(engine, { ...told, identify: false });
  result.classifier.dispose();
  engine.close();

  const file = (name: string): string => readFileSync(join(out, name), "utf8");
  expect(metrics).toBe(file("metrics.jsonl"));
  // The digest of pixels is of files, which a training in memory has not.
  const place = ["commit", "dataRoot", "versions", "pixels"] as const;
  const manifestOf = (json: Json): unknown => without(json["manifest"] as Json, "file");
  expect(without(parsed(record), ...place, "manifest")).toEqual(
    without(parsed(file("run.json")), ...place, "manifest"),
  );
  expect(manifestOf(parsed(record))).toEqual(manifestOf(parsed(file("run.json"))));
  expect(Object.keys(parsed(record))).toEqual(Object.keys(without(parsed(file("run.json")), "pixels")));
  expect(without(parsed(summary), "seconds", "manifest")).toEqual(
    without(parsed(file("summary.json")), "seconds", "manifest"),
  );
  const plain = (html: string): string =>
    html
      .replaceAll("first.yaml-run", "first.yaml")
      .replaceAll(`${folder.path}/`, "")
      .replaceAll(folder.path, "")
      .replace(/<dt>time<\/dt><dd>[^<]*/u, "<dt>time</dt><dd>")
      .replaceAll(/<tr><th scope="row">(?:git commit|webgpu)<[^\n]*\n/gu, "");
  expect(plain(report)).toBe(plain(file("report.html")));

  const patients = [...report.matchAll(/<td>(test\/[^<]+)<\/td>/gu)].map(([, name]) => name);
  expect(patients.length).toBeGreaterThan(3);
  for (const name of patients) expect(unnamed).not.toContain(`<td>${name}</td>`);
  expect(unnamed).toContain("Patients are shown by hashes");
}, 240_000);
