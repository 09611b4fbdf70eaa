// Images that a trained model is used on: how their numbers are read, and what is told of guesses behind given labels.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { loadFiles } from "../../src/cli/folder-images.ts";
import { loadParts } from "../../src/cli/model-images.ts";
import type { ModelRecord } from "../../src/runs/model-record.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { listImages, readingsOf } from "../../src/runs/load-images.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";
import { writePng } from "../data/images/image-files.ts";

afterEach(() => vi.restoreAllMocks());

/** A film of 12 bits, one row of four levels, in a PNG of 16. */
const film = writePng({
  ...{ width: 4, height: 1, depth: 16, colorType: 0 },
  sample: (x) => [0, 1365, 2730, 4095][x] ?? 0,
});
const image = { height: 1, width: 4, channels: 1, mean: [0.5], deviation: [0.25], fit: "stretch" } as const;
const recordWith = (readings?: ModelRecord["readings"]): ModelRecord => {
  const record = { classes: ["mass"], image, ...(readings === undefined ? {} : { readings }) };
  return record as unknown as ModelRecord; // the network is not looked at
};
const { signal } = new AbortController();

function films(): { readonly folder: string; readonly cache: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "films"));
  for (const name of ["a.png", "b.png", "c.png", "d.png"]) writeFileSync(join(folder, "films", name), film);
  return { folder, cache: join(folder, "cache") };
}
const spied = (): { readonly said: () => string } => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const texts = (): string[] => write.mock.calls.map(([text]) => String(text));
  return {
    said: () =>
      texts()
        .filter((text) => !text.startsWith("reading images"))
        .join(""),
  };
};
const pixelsOf = async (readings: ModelRecord["readings"], asked = {}): Promise<number[]> => {
  const { folder, cache } = films();
  const options = { cache, quiet: false, skipBad: false, ...asked } as Parameters<typeof loadFiles>[2];
  const { parts } = await loadFiles(
    { paths: [join(folder, "films")], said: "films" },
    recordWith(readings),
    options,
    signal,
  );
  return [...(parts[0].set.pixels as Uint8Array)].slice(0, 4);
};

test("files of a folder are read as those that the model was trained on, and it is said", async () => {
  const { said } = spied();
  expect(await pixelsOf(undefined)).toEqual([0, 5, 11, 16]);
  expect(said()).toBe("");
  expect(await pixelsOf([{ bits: 12 }])).toEqual([0, 85, 170, 255]);
  expect(said()).toBe("images are read with bits 12, as those were that the model was trained on\n");
});

test("options say otherwise, and go before what the model was trained with", async () => {
  const { said } = spied();
  expect(await pixelsOf([{ bits: 13 }], { window: [1365, 2730] })).toEqual([0, 0, 255, 255]);
  expect(await pixelsOf([{ bits: 12 }, {}], { bits: 16 })).toEqual([0, 5, 11, 16]);
  expect(said()).toBe("");
});

test("a model whose sources were read in several ways reads files as they say themselves, with a loud warning", async () => {
  const { said } = spied();
  expect(await pixelsOf([{ bits: 12 }, {}], { quiet: true })).toEqual([0, 5, 11, 16]);
  expect(said()).toMatch(
    /^warning: the images that the model was trained on were read in 2 ways \(bits 12; nothing said\), .*--bits or --window\n$/u,
  );
});

const manifestText = (sources: string): string => `
classes: [mass]
image: { height: 1, width: 4 }
sources:
${sources}
model: { stem: { features: 4, kernel: 1, stride: 1 }, blocks: [1], growth: 4 }
train: { batch: 2, epochs: 1 }
`;

test("a run knows how the files of its training were read, each way once", async () => {
  const { folder } = films();
  for (const name of ["a", "b", "c", "e"]) {
    writeFileSync(join(folder, `films/${name}2.png`), film);
    if (name === "e") writeFileSync(join(folder, "films/e.png"), film);
    writeFileSync(join(folder, `${name}.csv`), `image,label\n${name}.png,mass\n${name}2.png,none of it\n`);
  }
  const source = (name: string, more: string): string =>
    `  - { name: ${name}, format: table, table: ${name}.csv, images: films, image: image, label: label, others: [none of it]${more} }`;
  const test =
    "test: { format: table, table: b.csv, images: films, image: image, label: label, others: [none of it] }\n";
  const waysOf = async (...sources: string[]): Promise<unknown> => {
    const manifest = parseTrainingManifest(manifestText(sources.join("\n")) + test, "m.yaml");
    return readingsOf(await listImages(manifest, { dataRoot: folder, seed: 0 }));
  };
  expect(await waysOf(source("a", ""))).toEqual([]);
  expect(await waysOf(source("a", ", bits: 12"))).toEqual([{ bits: 12 }]);
  expect(await waysOf(source("a", ", bits: 12"), source("c", ", window: [0, 9]"), source("e", ""))).toEqual([
    { bits: 12 },
    { window: [0, 9] },
    {},
  ]);
});

test("what was guessed while the images of a part were listed is a warning, also when all else is quiet", async () => {
  const { folder, cache } = films();
  writeFileSync(join(folder, "a.csv"), "image,label\na.png,mass\nb.png,odd\n");
  writeFileSync(join(folder, "b.csv"), "image,label\nc.png,mass\nd.png,strange\n");
  const entry = (name: string): string =>
    `{ name: ${name}, format: table, table: ${name}.csv, images: films, image: image, label: label, knows: [mass] }`;
  const manifest = parseTrainingManifest(
    `${manifestText(`  - ${entry("a")}`)}test: ${entry("b")}\n`,
    "m.yaml",
  );
  const { said } = spied();
  const named = { manifest, dataRoot: folder, seed: 0, limit: undefined, skipBad: false };
  await loadParts(named, ["test"], recordWith(), { cache, quiet: true, skipBad: false }, signal);
  expect(said()).toMatch(/^warning: .*"strange"/u);
  expect(said()).not.toContain('"odd"');
});
