// `tessera predict` on volumes: label volumes in the place of their scans, from a manifest and without one.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { MaskFolder } from "../../src/cli/mask-folder.ts";
import { predictCommand } from "../../src/cli/commands/predict.ts";
import type { PredictOptions } from "../../src/cli/predict-options.ts";
import { recordsOf } from "../../src/data/formats/nifti.ts";
import { SliceShelf } from "../../src/data/volumes/slice-shelf.ts";
import { VolumeSlices } from "../../src/data/volumes/volume-slices.ts";
import { readNifti, voxelReader } from "../../src/files/nifti-volume.ts";
import { readModelFile } from "../../src/runs/model-file.ts";
import { beginRun } from "../../src/runs/run-start.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { straight, writeNifti } from "../data/volumes/nifti-files.ts";
import { own, runBuilt, workingFolder } from "./built.ts";

const folder = workingFolder();
const at = (...path: string[]): string => join(folder, ...path);
const shape = [10, 9, 6];
const count = shape[0] * shape[1] * shape[2];
const sform = straight(-2, 3, 4);
/** Half of each volume is bright: structure 1; a corner of the dark half is 2. */
const labels = Uint8Array.from({ length: count }, (_, i) => (i % 10 < 5 ? 1 : i % 10 > 7 ? 2 : 0));
const scan = (shift: number): number[] =>
  Array.from(labels, (label, i) => 300 * label + ((i * 7) % 50) + shift);

const options: Omit<PredictOptions, "masks"> = {
  ...{ dataRoot: folder, cache: at("cache"), device: "reference" },
  ...{ complete: false, logits: false, json: false, quiet: true, skipBad: false },
};
const predict = (name: string, more: Partial<PredictOptions> = {}): Promise<void> =>
  predictCommand(at("run"), [], { ...options, masks: at(name), ...more });
const rowsOf = (...path: string[]): Record<string, string>[] =>
  parse(readFileSync(at(...path)), { columns: true });
const voxelsOf = async (...path: string[]): Promise<number[]> => {
  const volume = await readNifti(at(...path));
  return Array.from({ length: count }, (_, i) => voxelReader(volume)(i));
};

const entry = (volume: string, values: string, more = ""): string =>
  `format: nifti, volumes: ${volume}.nii.gz, masks: labels.nii.gz, values: ${values}, axis: coronal, window: [0, 600]${more}`;
/** The first two sources have one scan: the one outlines structure 1 on some slices, the other both. */
const manifest = (first = entry("scan", "{ 1: A }")): string => `task: segmentation
classes: [A, B]
exclusive: true
image: { height: 8, width: 8, channels: 1, fit: pad }
sources:
  - { name: one, ${first}, background: [2], slices: { from: 1, to: 6 }, split: { by: none } }
  - { name: both, ${entry("scan", "{ 1: A, 2: B }")}, split: { by: none } }
test: { name: other, ${entry("other", "{ 1: A, 2: B }")} }
model: { width: 4, levels: 2 }
train: { preset: small, batch: 4, steps: 6 }
`;

beforeAll(async () => {
  const place = { shape, sform, qform: [0, 0, 0, 1, 2, 3], pixdim: [1, 2, 3, 4] } as const;
  for (const [name, shift] of [
    ["scan", 0],
    ["other", 20],
  ] as const) {
    writeNifti(folder, `${name}.nii.gz`, { ...place, values: scan(shift), type: "i2" });
  }
  writeNifti(folder, "labels.nii.gz", { ...place, values: labels });
  writeFileSync(at("m.yaml"), manifest());
  await trainRun(
    await beginRun(at("m.yaml"), {
      ...{
        dataRoot: folder,
        out: at("run"),
        device: "reference",
        seed: 1,
        cache: at("cache"),
        tuning: "none",
      },
    }),
  );
});

/** Expects a label volume with the geometry of a scan, and as many voxels of each class as the table says. */
async function expectLabels(out: string, mask: string, of: string): Promise<void> {
  const [{ header }, made] = [await readNifti(at(of)), await readNifti(at(out, mask))];
  expect(made.header).toMatchObject({ shape, type: "u1", affine: header.affine });
  for (const [from, to] of [
    [40, 56],
    [76, 108],
    [252, 328],
  ]) {
    expect([...made.header.bytes.subarray(from, to)]).toEqual([...header.bytes.subarray(from, to)]);
  }
  const voxels = await voxelsOf(out, mask);
  const rows = rowsOf(out, "images.csv").filter((row) => row.mask === mask);
  expect(rows.length).toBeGreaterThan(0);
  for (const [k, name] of ["A", "B"].entries()) {
    const pixels = rows.reduce((sum, row) => sum + Number(row[`${name} pixels`]), 0);
    expect(voxels.filter((label) => label === k + 1)).toHaveLength(pixels);
  }
}

describe("tessera predict of volumes", () => {
  test("writes a label volume in the place of each scan, and the model knows how scans were read", async () => {
    expect((await readModelFile(at("run"))).record.volumes).toEqual([{ axis: "coronal", window: [0, 600] }]);
    await predict("out");
    expect(readdirSync(at("out/masks/other"))).toEqual(["other.nii.gz"]);
    await expectLabels("out", "masks/other/other.nii.gz", "other.nii.gz");
  });

  test("--complete makes one label volume of each source, also where two sources share a scan", async () => {
    await predict("whole", { complete: true });
    const given = await voxelsOf("labels.nii.gz");
    const sources = { one: "scan", both: "scan", other: "other" };
    for (const [source, file] of Object.entries(sources)) {
      const path = `${source}/${file}.nii.gz`;
      await expectLabels("whole", `masks/${path}`, `${file}.nii.gz`);
      const [made, origins] = [await voxelsOf("whole/masks", path), await voxelsOf("whole/provenance", path)];
      for (const [i, label] of given.entries()) {
        const slice = Math.floor(i / 10) % 9; // coronal
        const what = [made[i], origins[i]];
        if (source !== "one") expect(what).toEqual([label, 1]);
        else if (slice < 1 || slice > 6) expect(what).toEqual([255, 0]);
        else if (label === 1) expect(what).toEqual([1, 1]);
        else expect([made[i] === 0 || made[i] === 2, origins[i]]).toEqual([true, 2]);
      }
    }
  });

  test("reads back what it wrote: completing it where all is known changes no voxel", async () => {
    await predict("first");
    const read = entry("other", "{ 1: A, 2: B }", ", ignore: [255]").replace(
      "labels.nii.gz",
      "first/masks/other",
    );
    writeFileSync(at("back.yaml"), manifest().replace(/^test: .*$/mu, `test: { name: other, ${read} }`));
    await predictCommand(at("run"), [at("back.yaml")], {
      ...{ ...options, masks: at("second"), complete: true, part: "test" },
    });
    const path = "masks/other/other.nii.gz";
    expect(readFileSync(at("second", path)).equals(readFileSync(at("first", path)))).toBe(true);
  });

  test("takes volumes without a manifest, read as those of the training, or as options say", async () => {
    await predict("out2");
    mkdirSync(at("scans/deep"), { recursive: true });
    for (const name of ["scan", "deep/other"])
      copyFileSync(at(`${name.replace("deep/", "")}.nii.gz`), at(`scans/${name}.nii.gz`));
    writeFileSync(at("scans/LICENSE"), "");
    await predict("folder", { images: at("scans") });
    await expectLabels("folder", "masks/deep/other.nii.gz", "other.nii.gz");
    await expectLabels("folder", "masks/scan.nii.gz", "scan.nii.gz");
    const same = readFileSync(at("out2/masks/other/other.nii.gz"));
    expect(readFileSync(at("folder/masks/deep/other.nii.gz")).equals(same)).toBe(true);
    // Scores, too: they are means over a millilitre of tissue, here and there.
    const scores = (rows: Record<string, string>[]): unknown[] => rows.map(({ A, B }) => [A, B]);
    await predict("single", { images: at("other.nii.gz") });
    expect(scores(rowsOf("single/images.csv"))).toEqual(scores(rowsOf("out2/images.csv")));
    await predict("axial", { images: at("other.nii.gz"), axis: "axial", window: [0, 300] });
    expect(rowsOf("axial/images.csv")).toHaveLength(6);
    await expectLabels("axial", "masks/other.nii.gz", "other.nii.gz");
  });

  test("says what is missing where nobody knows how volumes are read, and where two kinds are mixed", async () => {
    const { file, record } = await readModelFile(at("run"));
    const { loadFiles } = await import("../../src/cli/folder-images.ts");
    const { signal } = new AbortController();
    const load = (volumes: typeof record.volumes, more: Partial<PredictOptions> = {}): Promise<unknown> =>
      loadFiles(
        { paths: [at("other.nii.gz")], said: "other.nii.gz" },
        { ...record, volumes },
        { ...options, ...more },
        signal,
      );
    expect(file).toContain("model.safetensors");
    await expect(load(undefined)).rejects.toThrow(
      /names volumes, and the model was not trained on volumes: say across which axis they are cut with --axis \(axial.*, and which numbers are black and white with --window$/u,
    );
    await expect(load(undefined, { axis: 0 })).rejects.toThrow(
      /was not trained on volumes: say which of their numbers are black and white with --window$/u,
    );
    const several: typeof record.volumes = [{ axis: "axial", window: [0, 9] }, { axis: "axial" }];
    await expect(load(several)).rejects.toThrow(
      /read in 2 ways \(axial, window 0, 9; axial, each by its own numbers\): say which of their numbers/u,
    );
    await load(several, { window: [0, 9] });
    await expect(load(several, { bits: 12 })).rejects.toThrow(/--bits is about image files/u);
    mkdirSync(at("mixed"), { recursive: true });
    copyFileSync(at("scan.nii.gz"), at("mixed/scan.nii.gz"));
    writeFileSync(at("mixed/a.png"), "");
    await expect(predict("no", { images: at("mixed") })).rejects.toThrow(
      /holds volumes \(1, such as scan.nii.gz\) and other images \(1, such as a.png\); name a folder of one kind/u,
    );
    await expect(predict("nor", { axis: "axial" })).rejects.toThrow(
      /--axis is about images that are named or those of --images/u,
    );
  });

  test("of a damaged volume in a folder is an error that names it, or a line with --skip-bad", async () => {
    mkdirSync(at("damaged"), { recursive: true });
    copyFileSync(at("scan.nii.gz"), at("damaged/good.nii.gz"));
    writeFileSync(at("damaged/torn.nii.gz"), readFileSync(at("scan.nii.gz")).subarray(0, 200));
    await expect(predict("torn", { images: at("damaged") })).rejects.toThrow(/torn\.nii\.gz/u);
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    await predict("skipped", { images: at("damaged"), skipBad: true, json: true });
    const { rows, skipped, maskFiles } = JSON.parse(String(write.mock.calls.at(-1)?.[0])) as Record<
      string,
      unknown
    >;
    write.mockRestore();
    expect([rows, maskFiles]).toEqual([9, 1]);
    expect(skipped).toEqual([expect.stringContaining("torn.nii.gz")]);
  });
});

describe("label volumes that do not fit, on the command line", () => {
  const place = { shape, sform } as const;
  const made = {
    fraction: { ...place, values: [...labels.subarray(1), 0.5], type: "f4" },
    "other-shape": { shape: [10, 9, 5], sform, values: labels.subarray(90) },
    elsewhere: { ...place, values: labels, sform: straight(2, 3, 4) },
    unmapped: { ...place, values: Array.from(labels, (label) => 3 * label) },
  } as const;
  const torn = (): Buffer => readFileSync(at("labels.nii.gz")).subarray(0, 120);
  const cases = { ...made, torn: undefined };
  test.each(Object.keys(cases))("%s: exit code 2 and one line that names the file", async (name) => {
    const bad = made[name as keyof typeof made] as (typeof made)["unmapped"] | undefined;
    if (bad === undefined) writeFileSync(at(`${name}.nii.gz`), torn());
    else writeNifti(folder, `${name}.nii.gz`, bad);
    const first = entry("scan", "{ 1: A }").replace("labels.nii.gz", `${name}.nii.gz`);
    writeFileSync(at(`${name}.yaml`), manifest(first));
    const parameters = ["train", at(`${name}.yaml`), "--data-root", folder, "--out", at(`run-${name}`)];
    const { code, errors } = await runBuilt(folder, [...parameters, "--device", "reference", "--quiet"]);
    const lines = own(errors).split("\n");
    expect([code, lines.length]).toEqual([2, 1]);
    expect(lines[0]).toMatch(new RegExp(`^error: .*${name}\\.nii\\.gz`, "u"));
  });
});

test("label volumes take memory from their first slice to their last one only", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const [side, slices, volumes] = [64, 32, 40];
  const values = new Uint8Array(side * side * slices);
  const shelf = new SliceShelf(1);
  const samples = [];
  for (let i = 0; i < volumes; i++) {
    const file = writeNifti(folder, `many-${i}.nii.gz`, { shape: [side, side, slices], values, sform });
    samples.push(
      ...recordsOf({ id: `many-${i}`, patient: `${i}` }, await VolumeSlices.read(file, {}, shelf)),
    );
  }
  const before = held();
  const out = new MaskFolder(at("many"), ["A"], [{ source: undefined, samples }], true);
  const map = new Uint8Array(side * side);
  let most = 0;
  for (const [i, sample] of samples.entries()) {
    await out.add(0, i, sample, { height: side, width: side }, { map, origins: map });
    if (i % (7 * slices) === 5) most = Math.max(most, held() - before);
  }
  expect(out.written).toBe(volumes);
  // A label volume and its provenance are 2 x 128 KiB, and what is packed and written counts too until it is collected; all of
  // them together would be 10 MiB.
  expect(most).toBeLessThan(24 * values.length);
});
