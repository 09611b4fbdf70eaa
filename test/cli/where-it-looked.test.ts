// Where a classifier looked, by the command line: what `predict --maps` writes, that `evaluate` holds it against boxes and masks, and
// the pictures of a report.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { PNG } from "pngjs";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { Segmenter } from "../../src/assemble/segmenter.ts";
import { evaluateCommand } from "../../src/cli/commands/evaluate.ts";
import { predictCommand } from "../../src/cli/commands/predict.ts";
import type { PredictOptions } from "../../src/cli/predict-options.ts";
import type { EvaluateOptions } from "../../src/cli/segmenter-evaluation.ts";
import { tellMaps } from "../../src/cli/map-folder.ts";
import type { LookedAt } from "../../src/cli/where-it-looked.ts";
import { pixelsInMemory } from "../../src/data/assembly/assembly.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import { writeTensorFile } from "../../src/interchange/safetensors.ts";
import { modelKind } from "../../src/interchange/tensor-file.ts";
import { parseSafetensors } from "../../src/interchange/safetensors-header.ts";
import { readWeights } from "../../src/nn/weights.ts";
import { labelPng } from "../../src/pictures/label-png.ts";
import { mistakeCards } from "../../src/report/run/mistakes.ts";
import { provenance } from "../../src/runs/provenance.ts";
import { mistakeMaps } from "../../src/runs/mistake-maps.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { digestOf } from "../../src/runs/file-digests.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(() => vi.restoreAllMocks());
const at = (...path: string[]): string => join(folder.path, ...path);
const [size, count] = [16, 6];
const network = {
  ...{ inputChannels: 1, blocks: [1, 1], growth: 4, bottleneck: null, compression: 0.5 },
  stem: { features: 6, kernel: 3, stride: 1, pool: false },
};
const classes = ["mass", "effusion"];
const common = { dataRoot: folder.path, cache: at("cache"), device: "reference" } as const;
const options: PredictOptions = {
  ...common,
  ...{ complete: false, logits: false, json: false, quiet: true, skipBad: false, images: at("images") },
};
const judging: EvaluateOptions = {
  ...common,
  ...{ part: "test", at: 0.95, mapThreshold: 0.5, json: true, quiet: true, skipBad: false },
};
const record = {
  image: { height: size, width: size, channels: 1, mean: [0.5], deviation: [0.25], fit: "stretch" },
  normalisation: { mean: [0.5], deviation: [0.25] },
  ...{ classes, head: { kind: "linear" }, epoch: 1 },
};

type Row = Readonly<Record<"image" | "class" | "probability" | "x" | "y" | "overlay" | "maps", string>>;
const tableOf = (path: string): Row[] => parse(readFileSync(at(path, "maps.csv")), { columns: true });

beforeAll(async () => {
  using engine = await openEngine({ device: "reference" });
  const classifier = new Classifier(engine, { network, classes: 2, seed: 3, head: { kind: "linear" } });
  const tensors = new Map(await readWeights(classifier));
  // Mass is likely everywhere and effusion nowhere.
  tensors.set("head.bias", { shape: [2], data: Float32Array.of(5, -5) });
  const model = { record: { ...record, network }, tensors };
  await writeTensorFile(at("model.safetensors"), modelKind, model);
  const unet = { kind: "unet", inputChannels: 1, width: 4, levels: 2 } as const;
  const segmenter = new Segmenter(engine, { network: unet, classes: 2, seed: 1, head: { kind: "linear" } });
  const outlining = {
    record: { ...record, network: unet, task: "segmentation" },
    tensors: await readWeights(segmenter),
  };
  await writeTensorFile(at("segmenter.safetensors"), modelKind, outlining);
  // Twice as large as the network's images.
  const drawn = phantoms({ count, size: 32, site: "A", seed: 5, findings: ["mass", "effusion"] });
  mkdirSync(at("images/deep"), { recursive: true });
  for (let i = 0; i < count; i++) {
    const pixels = pixelsInMemory(drawn).subarray(i * 1024, (i + 1) * 1024);
    await sharp(pixels, { raw: { height: 32, width: 32, channels: 1 } }).toFile(
      at("images", `deep/${i}.png`),
    );
  }
  await predictCommand(at("model.safetensors"), [], {
    ...options,
    maps: at("all"),
    mapClasses: classes,
  });
  writeFileSync(
    at("findings.csv"),
    `image,finding\n${Array.from({ length: count }, (_, i) => `deep/${i}.png,mass`).join("\n")}\n`,
  );
});

describe("tessera predict --maps", () => {
  test("writes the maps of all classes, whose means are the logits, and a picture of each class that is named", () => {
    const rows = tableOf("all");
    expect(rows.map(({ image, class: name }) => `${image} ${name}`)).toEqual(
      Array.from({ length: count }, (_, i) => classes.map((name) => `deep/${i}.png ${name}`)).flat(),
    );
    const table: Record<string, string>[] = parse(readFileSync(at("all/images.csv")), { columns: true });
    for (const [i, { overlay, maps, class: name, probability }] of rows.entries()) {
      const content = parseSafetensors(readFileSync(at("all", maps)), (how) => new Error(how));
      expect(content.metadata).toMatchObject({
        kind: "class-activation",
        image: rows[i].image,
        height: "16",
      });
      const [entry] = content.entries.filter((each) => each.name === name);
      const values = new Float32Array(Uint8Array.from(entry.bytes).buffer);
      expect(entry.shape).toEqual([8, 8]);
      const logit = values.reduce((sum, value) => sum + value, 0) / 64;
      expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(Number(probability), 5);
      expect(Number(table[Math.floor(i / 2)][name])).toBeCloseTo(Number(probability), 6);
      expect(PNG.sync.read(readFileSync(at("all", overlay))).width).toBeGreaterThan(640);
    }
  });

  test("pictures by default the classes that are likelier than not, and no more images than it may", async () => {
    await predictCommand(at("model.safetensors"), [], { ...options, maps: at("few"), mapLimit: 4 });
    const rows = tableOf("few");
    expect(rows).toHaveLength(8);
    for (const { probability, overlay } of rows) expect(overlay !== "").toBe(Number(probability) > 0.5);
    expect(new Set(rows.map(({ overlay }) => overlay !== "")).size).toBe(2);
    expect(readdirSync(at("few/maps/deep"))).toHaveLength(4);
  });

  test("points to --map-classes where no picture was made, unless it was said", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const written = { kind: "class-activation", images: 4, leftOut: 0, overlays: 0 } as const;
    tellMaps(written, "maps", { quiet: false });
    tellMaps({ ...written, overlays: 3 }, "maps", { quiet: false });
    tellMaps(written, "maps", { quiet: false, mapClasses: [] });
    const said = write.mock.calls.map(([text]) => String(text));
    vi.restoreAllMocks();
    expect(said.map((line) => line.includes("--map-classes CLASS"))).toEqual([true, false, false]);
  });

  test.each([
    [{ maps: at("all") }, /--maps .*all: the folder is not empty; choose another, or add --force/u],
    [
      { maps: at("x"), mapClasses: ["mas"] },
      /--map-classes mas: is no class of the model, which knows mass, effusion/u,
    ],
    [{ out: at("t.csv"), mapClasses: ["mass"] }, /--map-classes is about the maps of --maps/u],
    [{ out: at("t.csv"), mapLimit: 3 }, /--map-limit is about the maps of --maps/u],
    [{}, /'--maps <folder>' for maps of where it looked/u],
  ])("refuses %j", async (more, message) => {
    await expect(predictCommand(at("model.safetensors"), [], { ...options, ...more })).rejects.toThrow(
      message,
    );
  });

  test("is not for segmenters, which have --masks", async () => {
    const asked = predictCommand(at("segmenter.safetensors"), [], { ...options, maps: at("none") });
    await expect(asked).rejects.toThrow(
      /is a segmenter, which says where things are: name a folder with --masks/u,
    );
  });
});

describe("tessera evaluate with boxes and masks", () => {
  const looked = async (
    manifest: string,
    more: Partial<EvaluateOptions> = {},
    [run, file]: [string, string?] = [at("model.safetensors"), at("m.yaml")],
  ): Promise<LookedAt | undefined> => {
    writeFileSync(at("m.yaml"), manifest);
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    write.mockClear();
    await evaluateCommand(run, file, { ...judging, ...more });
    const text = write.mock.calls.map(([part]) => String(part)).join("");
    return (JSON.parse(text) as { readonly looked?: LookedAt }).looked;
  };
  const manifest = (fields: string): string =>
    "{ classes: [effusion, mass], image: { height: 16, width: 16, channels: 1 }, " +
    `test: { format: table, table: findings.csv, images: images, image: image, label: finding, knows: [mass]${fields} } }`;
  /** Around the largest value of the map of mass, or away from it, in pixels of the files. */
  const boxes = (isThere: (i: number) => boolean): string =>
    tableOf("all")
      .filter((row) => row.class === "mass")
      .map(({ image, x, y }, i) => {
        const [left, top] = [Number(x), Number(y)].map((value) =>
          Math.max(0, Math.min(26, 2 * value - 3) + (isThere(i) ? 0 : value < 8 ? 13 : -13)),
        );
        return `${image},mass,${left},${top},6,6\n`;
      })
      .join("");
  const table = ", boxes: { table: boxes.csv, image: image, label: finding, box: [x, y, w, h] }";
  const put = (rows: string): void => writeFileSync(at("boxes.csv"), `image,finding,x,y,w,h\n${rows}`);

  test("counts the images whose map is largest in a box, which goes with the image to the network's size", async () => {
    put(boxes((i) => i !== 1 && i !== 4));
    const found = await looked(manifest(table));
    expect(found).toMatchObject({ kind: "class-activation", height: 8, width: 8, threshold: 0.5 });
    const { mass, effusion } = found?.byClass ?? {};
    expect(effusion).toBeNull();
    expect(mass).toMatchObject({ images: count, hits: count - 2 });
    expect(mass?.chance).toBeCloseTo(9 / 256, 2);
    expect(mass?.iou).toBeGreaterThan(0);
    expect(mass?.p).toBeLessThan(0.01);
    // From the map's smallest value on, all is high.
    const low = await looked(manifest(table), { mapThreshold: 1e-9 });
    expect(low?.byClass["mass"]?.iou).toBeCloseTo(mass?.chance ?? 0, 3);
  });

  test("measures a classifier on a manifest of masks, as it does on boxes of the same places", async () => {
    put(boxes((i) => i !== 2));
    const byBoxes = await looked(manifest(table));
    mkdirSync(at("masks/deep"), { recursive: true });
    for (const [i, line] of readFileSync(at("boxes.csv"), "utf8").trim().split("\n").slice(1).entries()) {
      const [left, top] = line
        .split(",")
        .slice(2, 4)
        .map((value) => 2 * Math.round(Number(value) / 2));
      const map = Uint8Array.from({ length: 1024 }, (_, place) => {
        const [x, y] = [place % 32, Math.floor(place / 32)];
        return x >= left && x < left + 6 && y >= top && y < top + 6 ? 0 : 254;
      });
      writeFileSync(at("masks/deep", `${i}.png`), labelPng(map, { height: 32, width: 32 }));
    }
    const byMasks = await looked(
      "{ task: segmentation, classes: [mass, effusion], image: { height: 16, width: 16, channels: 1 }, " +
        "test: { format: folder, folder: images, masks: masks, values: { 1: mass } } }",
    );
    expect(byMasks?.byClass["mass"]).toEqual(byBoxes?.byClass["mass"]);
    expect(byMasks?.byClass["mass"]?.hits).toBe(count - 1);
  });

  test("prints a table, and nothing of it where there are no regions", async () => {
    put(boxes(() => true));
    writeFileSync(at("m.yaml"), manifest(table));
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    write.mockClear();
    await evaluateCommand(at("model.safetensors"), at("m.yaml"), { ...judging, json: false });
    const text = write.mock.calls.map(([part]) => String(part)).join("");
    expect(text).toMatch(
      /Where it looked: class activation maps of 8 x 8[^]*\nmass +6 +6 +1\.000 +0\.541 to 1\.000 +0\.0\d\d +< \.001/u,
    );
    expect(await looked(manifest(""))).toBeUndefined();
    await expect(looked(manifest(table), { mapThreshold: 0 })).rejects.toThrow(/all of a map would be high/u);
  });

  test("says in a line where the manifest has boxes, and the images of the part have none", async () => {
    put(boxes(() => true));
    const other = ", validation: { format: phantoms, site: both, count: 6 } }";
    writeFileSync(at("m.yaml"), manifest(table).replace(/\}$/u, other));
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    write.mockClear();
    const asked = { ...judging, part: "validation", json: false, quiet: false } as const;
    await evaluateCommand(at("model.safetensors"), at("m.yaml"), asked);
    expect(write.mock.calls.map(([part]) => String(part)).join("")).toContain(
      "where it looked: no validation image has a box of these classes; --part says which images\n",
    );
    vi.restoreAllMocks();
  });

  test("a box out of its image is told with file and line, or left out where bad records are skipped", async () => {
    put(`${boxes(() => true)}deep/3.png,mass,20,0,20,4\n`);
    await expect(looked(manifest(table))).rejects.toThrow(
      /boxes\.csv.*line 8: test, image deep\/3\.png: its box reaches from \(20, 0\) to \(40, 4\), out of a picture of 32 x 32/u,
    );
    const found = await looked(manifest(table), { skipBad: true });
    expect(found?.byClass["mass"]?.images).toBe(count - 1);
    // A run that left bad records out goes on to, without being told again.
    mkdirSync(at("run"));
    copyFileSync(at("model.safetensors"), at("run/model.safetensors"));
    const begun = {
      ...(await provenance()),
      ...{ device: "reference", adapter: "", driver: "", tuning: null, candidates: {}, settings: {} },
      manifest: { file: at("m.yaml"), sha256: digestOf(manifest(table)), text: manifest(table) },
      ...{ dataRoot: folder.path, seed: 0, options: { skipBad: true } },
    };
    writeFileSync(at("run/run.json"), JSON.stringify(begun));
    writeFileSync(at("run/summary.json"), '{ "interrupted": false }');
    expect(await looked(manifest(table), {}, [at("run")])).toEqual(found);
  });
});

test("mistakes of a report have a picture of where the run looked, each for its class", async () => {
  using engine = await openEngine({ device: "reference" });
  const classifier = new Classifier(engine, { network, classes: 2, seed: 3, head: { kind: "linear" } });
  const set = phantoms({ count: 3, size, site: "A", seed: 5, findings: ["mass", "effusion"] });
  const wrong = [
    { row: 2, column: 0, label: "positive", probability: 0.1, rank: 0 },
    { row: 0, column: 1, label: "negative", probability: 0.9, rank: 0 },
    { row: 2, column: 1, label: "negative", probability: 0.9, rank: 1 },
  ] as const;
  const pictures = await mistakeMaps(
    engine,
    classifier,
    { normalisation: record.normalisation, batch: 16 },
    set,
    wrong,
  );
  expect(new Set(pictures).size).toBe(3);
  for (const picture of pictures) expect(PNG.sync.read(Buffer.from(picture, "base64")).width).toBe(160);
  const mistake = {
    source: "s",
    image: "i",
    patient: "",
    class: "mass",
    label: "positive",
    probability: 0.1,
    png: "AAAA",
  } as const;
  const words = { none: "", by: "by the run", look: "Look.", probability: "probability" };
  const html = mistakeCards([{ ...mistake, heat: pictures[0] }], words)
    .map(({ text }) => text)
    .join("");
  expect(html).toContain(
    `<img src="data:image/png;base64,${pictures[0]}" alt="Where the run looked for mass">`,
  );
  expect(html).toContain("Warm colours speak for it");
  expect(
    mistakeCards([mistake], words)
      .map(({ text }) => text)
      .join(""),
  ).not.toContain("Warm colours");
});
