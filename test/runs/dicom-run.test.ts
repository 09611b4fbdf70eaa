// A folder of films in DICOM files, from its manifest to a run: patients by their tag, sizes, and the pixels that training sees.
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { pixelsInMemory } from "../../src/data/assembly/assembly.ts";
import { decodeAssembly } from "../../src/data/assembly/pixels.ts";
import type { Catalogue } from "../../src/data/catalogue/catalogue.ts";
import { imageSizes } from "../../src/data/inspection/sizes.ts";
import { beginRun } from "../../src/runs/run-start.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { temporaryFolder, writeFiles } from "../data/formats/list-files.ts";
import { writeDicom } from "../data/images/dicom-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const side = 16;
/** Columns 0 to 4 are 1,000 or less, 5 to 10 are 1,500, the rest 2,000 or more. */
const values = Array.from({ length: side * side }, (_, at) => {
  const x = at % side;
  return x < 5 ? 1000 - x : x < 11 ? 1500 : 2000 + x;
});

/** Film i of 40 of ten patients; every other one is MONOCHROME1, and they have four ways of writing elements. */
const film = (i: number): Buffer =>
  writeDicom({
    ...{ width: side, height: side, allocated: 16, stored: 12, modality: "CR", values },
    syntax: (["explicit", "implicit", "big", "deflated"] as const)[(i >> 1) % 4],
    photometric: i % 2 === 0 ? "MONOCHROME2" : "MONOCHROME1",
    more: [
      [0x00100010, "PN", `Name^${i}`],
      [0x00100020, "LO", `P${i >> 2}`],
      // Centre and width of the file: 1,000 to 2,000 as LINEAR_EXACT.
      [0x00281050, "DS", "1500"],
      [0x00281051, "DS", "1000"],
      [0x00281056, "CS", "LINEAR_EXACT"],
    ],
  });

const manifest = (window: string): string => `
classes: [dense, clear]
image: { height: ${side}, width: ${side} }
sources:
  - { name: CR, format: folder, folder: films, patientTag: true, knows: [dense, clear], ${window}
      split: { by: patient, train: 0.5, test: 0.5 } }
model: { stem: { features: 4, stride: 2 }, blocks: [1], growth: 4 }
train: { batch: 8, epochs: 1, warmupEpochs: 0 }
`;

const row = (dark: number, middle: number, ...bright: readonly number[]): number[] => [
  ...Array<number>(5).fill(dark),
  ...Array<number>(6).fill(middle),
  ...bright,
];

test.each([
  ["the file's window", "", row(0, 128, 255, 255, 255, 255, 255), row(255, 128, 0, 0, 0, 0, 0)],
  // 2,011 to 2,015 are 130.3 to 131.3 of 255; turned, they are 124.7 to 123.7.
  [
    "the manifest's window",
    "window: [1500, 2500],",
    row(0, 0, 130, 131, 131, 131, 131),
    row(255, 255, 125, 124, 124, 124, 124),
  ],
])("films are trained on as %s shows them", async (title, window, straight, turned) => {
  const all = Array.from({ length: 40 }, (_each, i) => i);
  writeFiles(
    folder.path,
    Object.fromEntries(all.map((i) => [`films/${i % 3 === 0 ? "dense" : "clear"}/${i}.dcm`, film(i)])),
  );
  const file = join(folder.path, "films.yaml");
  writeFileSync(file, manifest(window));
  const cache = join(folder.path, "cache");
  const out = join(folder.path, title);
  let selected: Catalogue | undefined;
  let steps = 0;
  const summary = await trainRun(
    await beginRun(file, { dataRoot: folder.path, out, device: "reference", seed: 1, cache, tuning: "none" }),
    { loaded: (found) => (selected = found), training: () => ({ step: () => steps++ }) },
  );
  if (selected === undefined) throw new Error("nothing was loaded");
  const { lists } = selected;
  const trained = lists.find(({ part }) => part === "train");
  if (trained === undefined) throw new Error("nothing to train on");
  expect(steps).toBe(Math.floor(trained.samples.length / 8));
  expect(steps).toBeGreaterThanOrEqual(2);
  expect(summary.images).toEqual({ CR: trained.samples.length });

  // Four films of each of ten patients, and no patient in two parts.
  const partsOf = new Map<string | undefined, Set<string>>();
  for (const { part, samples } of lists) {
    for (const { id, patient } of samples) {
      expect(patient).toBe(`P${Number(/\d+/u.exec(id)?.[0]) >> 2}`);
      partsOf.set(patient, (partsOf.get(patient) ?? new Set()).add(part));
    }
  }
  expect(partsOf.size).toBe(10);
  expect([...partsOf.values()].every((parts) => parts.size === 1)).toBe(true);
  expect(lists.flatMap(({ samples }) => samples)).toHaveLength(40);

  expect(await imageSizes(lists, 1)).toEqual([{ height: side, width: side, images: 40 }]);

  // What the run left in its cache is what it saw.
  const { sets, decoded } = await decodeAssembly(selected, {
    cache,
    memory: 2 ** 26,
    workers: 1,
    skipBad: false,
  });
  expect(decoded.images).toBe(0);
  const pixels = pixelsInMemory(sets[lists.indexOf(trained)]);
  for (const [at, { id }] of trained.samples.entries()) {
    const start = (at * side + 3) * side;
    const isTurned = Number(/\d+/u.exec(id)?.[0]) % 2 === 1;
    expect([...pixels.subarray(start, start + side)], id).toEqual(isTurned ? turned : straight);
  }
});
