// Volumes as a dataset: their slices, patients, masks and remarks, and what a manifest may get wrong.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeAssembly } from "../../../src/data/assembly/pixels.ts";
import { catalogue } from "../../../src/data/catalogue/catalogue.ts";
import type { Catalogue } from "../../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../../src/data/manifest/manifest.ts";
import { straight, writeNifti } from "../volumes/nifti-files.ts";
import { temporaryFolder } from "./idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const shape = [4, 4, 5];
/** Voxels of 1 x 2 x 3 mm; slice k of labels has k voxels of label 1, and the last slice one of label 2. */
const sform = straight(-1, -2, 3);
const grey = Uint8Array.from({ length: 80 }, (_, i) => 3 * i);
const labels = Uint8Array.from({ length: 80 }, (_, i) =>
  i === 79 ? 2 : i % 16 < Math.floor(i / 16) ? 1 : 0,
);

beforeAll(() => {
  for (const name of ["ct", "seg", "cases/a", "cases/b", "lost", "scans"]) {
    mkdirSync(join(folder.path, name), { recursive: true });
  }
  const write = (name: string, values: Uint8Array): string =>
    writeNifti(folder.path, name, { shape, values, sform });
  for (const name of ["one", "two"]) {
    write(`ct/${name}_0000.nii.gz`, grey);
    write(`seg/${name}.nii.gz`, labels);
  }
  writeFileSync(join(folder.path, "ct/one_0000.json"), "{}"); // dcm2niix writes them
  for (const name of ["a", "b"]) {
    write(`cases/${name}/imaging.nii`, grey);
    write(`cases/${name}/segmentation.nii`, labels);
  }
  write("lost/one.nii", grey);
  writeFileSync(join(folder.path, "scans/IM1"), Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]));
  writeFileSync(
    join(folder.path, "list.csv"),
    "file,labels,who,site\nct/one_0000.nii.gz,seg/one.nii.gz,P1,x\nct/two_0000.nii.gz,seg/two.nii.gz,P2,y\n",
  );
});

const read = async (
  entry: string,
  { skipBad = false, task = "segmentation", split = "split: { by: none }", more = "" } = {},
): Promise<Catalogue> => {
  const text = `
task: ${task}
classes: [A, B]
image: { height: 2, width: 4, channels: 1 }
sources: [{ name: S, format: nifti, ${split}, ${entry} }]
${more}`;
  return await catalogue(
    parseManifest(text, "m.yaml", () => false),
    { dataRoot: folder.path, seed: 1, skipBad },
  );
};
const meant = "values: { 1: A, 2: B }, axis: axial, window: [0, 255]";
const samplesOf = ({ lists }: Catalogue): Catalogue["lists"][number]["samples"] =>
  lists.flatMap(({ samples }) => samples);

describe("a source of volumes", () => {
  test.each([
    ["a folder, with labels as nnU-Net calls them", "volumes: ct, masks: seg", ["one_0000", "two_0000"]],
    [
      "a path with {name}",
      'volumes: "cases/{name}/imaging.nii", masks: "cases/{name}/segmentation.nii"',
      ["a", "b"],
    ],
    ["a file", "volumes: cases/a/imaging.nii, masks: cases/a/segmentation.nii", ["imaging"]],
    [
      "a table",
      "table: list.csv, image: file, patient: who, masks: { column: labels, folder: . }",
      ["ct/one_0000", "ct/two_0000"],
    ],
  ])("is %s", async (_, places, names) => {
    const found = await read(`${places}, ${meant}`);
    const samples = samplesOf(found);
    const ids = names.flatMap((name) => [0, 1, 2, 3, 4].map((at) => `${name}/${at}`));
    expect(samples.map(({ id }) => id).sort()).toEqual(ids);
    const patients = places.startsWith("table") ? ["P1", "P2"] : names;
    expect([...new Set(samples.map(({ patient }) => patient))].sort()).toEqual(patients);
    for (const { samples: each, states, masks } of found.lists) {
      for (const [i, { id }] of each.entries()) {
        const slice = Number(id.split("/").at(-1));
        expect([...states.subarray(2 * i, 2 * i + 2)]).toEqual([slice > 0 ? 1 : 0, slice === 4 ? 1 : 0]);
      }
      // A voxel of 6 mm3, of which two make a pixel of 2 x 4.
      expect(masks?.voxelVolumes?.every((volume) => volume === 12)).toBe(true);
    }
    expect(found.remarks).toEqual([]);
  });

  test("decodes to the pixels of its slices, at the size of the assembly", async () => {
    const found = await read(`volumes: ct, masks: seg, ${meant}`);
    const { sets } = await decodeAssembly(found, { cache: "", memory: 1e9, skipBad: false });
    for (const [s, set] of sets.entries()) {
      for (let i = 0; i < set.count; i++) {
        const slice = Number(found.lists[s].samples[i].id.split("/").at(-1));
        // Rows are halved: each level lies about 6 above what its first row begins with.
        const [first] = (set.pixels as { at?: (row: number) => Uint8Array }).at?.(i) ?? [];
        const level = set.pixels instanceof Uint8Array ? set.pixels[8 * i] : first;
        expect(Math.abs(level - (48 * slice + 6))).toBeLessThan(6);
      }
    }
  });

  test("takes some of the slices, and the table's rows that a filter takes", async () => {
    const some = await read(`volumes: ct, masks: seg, slices: { from: 1, to: 4, every: 2 }, ${meant}`);
    expect([...new Set(samplesOf(some).map(({ id }) => id.split("/")[1]))].sort()).toEqual(["1", "3"]);
    const site = await read(
      `table: list.csv, image: file, masks: { column: labels, folder: . }, where: { site: y }, ${meant}`,
    );
    expect(samplesOf(site).every(({ id }) => id.startsWith("ct/two"))).toBe(true);
  });

  test("remarks what the manifest leaves open", async () => {
    mkdirSync(join(folder.path, "bare"), { recursive: true });
    const values = Array.from({ length: 80 }, (_, i) => 10 * i - 100);
    writeNifti(folder.path, "bare/v.nii", { shape, values, type: "i2" });
    writeNifti(folder.path, "bare-labels.nii", { shape, values: labels });
    const { remarks } = await read("volumes: bare, masks: bare-labels.nii, values: { 1: A, 2: B }");
    expect(remarks.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/names no window, .* from -100 to 690/u),
      expect.stringMatching(/names no axis, .* across its axis 2 into 5/u),
      expect.stringMatching(/do not say how they lie in the patient/u),
    ]);
  });

  test.each([
    ["a task of classification", `volumes: ct`, /say task: segmentation and masks/u, "classification"],
    ["no volumes", "masks: seg", /volumes is missing/u],
    ["volumes and a table", "volumes: ct, table: list.csv, masks: seg", /table cannot stand beside volumes/u],
    ["a folder of DICOM", "volumes: scans, masks: seg", /dcm2niix/u],
    ["one label volume for two", "volumes: ct, masks: seg/one.nii.gz", /one file for 2 volumes/u],
    [
      "no label volume",
      "volumes: lost, masks: cases",
      /has no label volume: .*one\.nii\.gz .* do not exist/u,
    ],
    ["an axis that is none", "volumes: ct, masks: seg, axis: up", /axis must be axial, coronal, sagittal/u],
    [
      "slices beyond the last",
      "volumes: ct, masks: seg, slices: { from: 9 }",
      /slices take none of any volume/u,
    ],
    ["two names in a path", 'volumes: "{name}/{name}.nii", masks: seg', /\{name\} stands in it once/u],
  ])("with %s is refused in one line", async (_, entry, reason, task = "segmentation") => {
    const values = task === "segmentation" ? ", values: { 1: A, 2: B }" : "";
    await expect(read(`${entry}${values}`, { task })).rejects.toThrow(reason);
  });

  test("is not split by image, which would part the slices of a patient", async () => {
    const split = "split: { by: image, train: 0.6, test: 0.4 }";
    await expect(read(`volumes: ct, masks: seg, ${meant}`, { split })).rejects.toThrow(
      /split\.by is image, and the images of nifti are slices: .* say by: patient/u,
    );
  });

  test("is not trained on across one axis and tested on across another", async () => {
    const entry = "volumes: ct, masks: seg, values: { 1: A, 2: B }, window: [0, 255]";
    const cut = (axis: string): Promise<Catalogue> =>
      read(`${entry}, axis: axial, slices: { from: 0, to: 2 }`, {
        more: `test: { name: T, format: nifti, ${entry}, axis: ${axis}, slices: { from: 3 } }`,
      });
    await expect(cut("sagittal")).rejects.toThrow(
      /test cuts .*one_0000\.nii\.gz across another axis than "S", whose slices are in train and these in test: .*split both alike/u,
    );
    expect((await cut("axial")).lists.map(({ part }) => part)).toEqual(["train", "test"]);
  });

  test("leaves a volume out that cannot be read, where it may", async () => {
    mkdirSync(join(folder.path, "mixed"), { recursive: true });
    writeNifti(folder.path, "mixed/one.nii.gz", { shape, values: grey, sform });
    writeNifti(folder.path, "mixed/two.nii.gz", { shape, values: grey, sform: straight(1, 1, 1) });
    const entry = `volumes: mixed, masks: seg, ${meant}`;
    await expect(read(entry)).rejects.toThrow(/two\.nii\.gz: lies elsewhere .*--skip-bad/u);
    const found = await read(entry, { skipBad: true });
    expect(samplesOf(found)).toHaveLength(5);
    expect(found.skipped).toHaveLength(1);
  });
});
