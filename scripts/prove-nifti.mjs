// Proof that an independent reader, nibabel, finds our label volumes where the volumes lie:
// `npm run prove:nifti -- [--manifest FILE --data-root FOLDER] [FILE ...]`.
//
// First, volumes of every axis order, direction, version and byte order (and the files named) are cut into slices on each plane,
// and the slices are put together again as labels. Then a network trains on a few volumes that are made up here (or on the manifest
// named) for a few steps, and predicts: a part, all sources without gaps, and a volume without labels (prove-nifti/run.mjs).
// prove-nifti/check.py opens every result. Needs Debian's python3-nibabel.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readNifti, voxelReader } from "../dist/files/nifti-volume.js";
import { LabelVolume } from "../dist/data/volumes/label-volume.js";
import { SliceShelf } from "../dist/data/volumes/slice-shelf.js";
import { planes } from "../dist/data/volumes/slicing.js";
import { VolumeSlices } from "../dist/data/volumes/volume-slices.js";
import { volumeSamples } from "./prove-formats/volume-samples.mjs";
import { proveRun } from "./prove-nifti/run.mjs";

const python = process.env.PYTHON ?? "/usr/bin/python3";
const program = fileURLToPath(new URL("prove-nifti/check.py", import.meta.url));
const { values: named, positionals } = parseArgs({
  options: { manifest: { type: "string" }, "data-root": { type: "string" } },
  allowPositionals: true,
});
const folder = mkdtempSync(join(tmpdir(), "tessera-nifti-"));
const shelf = new SliceShelf();

const made = Object.entries(volumeSamples).map(([name, sample]) => {
  const file = join(folder, `${name.replaceAll(" ", "-")}.nii`);
  writeFileSync(file, sample.write(1)["scan.nii"]);
  return file;
});

let failed = 0;
function report(right, what) {
  if (!right) failed++;
  console.log(`${right ? "ok    " : "FAILED"} ${what}`);
}

/** The numbers of voxels by label that nibabel finds in a label volume of a volume; none where it finds a fault, which is printed. */
function opened(file, labels) {
  const { stdout, stderr, status } = spawnSync(python, [program, file, labels], { encoding: "utf8" });
  if (status !== 0) console.log(`${labels}: ${stderr.trim().split("\n").at(-1)}`);
  return status === 0 ? Object.entries(JSON.parse(stdout)) : [];
}

for (const file of [...made, ...positionals]) {
  for (const axis of planes) {
    const slices = await VolumeSlices.read(file, { axis }, shelf);
    const volume = new LabelVolume(slices);
    const each = slices.height * slices.width;
    const expected = new Map();
    for (let at = 0; at < slices.count; at++) {
      const map = slices.pixels.slice(at * each, (at + 1) * each);
      for (const label of map) expected.set(label, (expected.get(label) ?? 0) + 1);
      volume.set(at, map);
    }
    const out = join(folder, "labels.nii.gz");
    await volume.write(out, new Map([[1, "one"]]));
    const found = opened(file, out);
    const again = await readNifti(out);
    const value = voxelReader(again);
    const same = volume.labels.every((label, i) => value(i) === label);
    const right =
      same &&
      found.length === expected.size &&
      found.every(([label, count]) => expected.get(Number(label)) === count);
    report(right, `${file}, ${axis}`);
  }
}
await proveRun({ folder, manifest: named.manifest, dataRoot: named["data-root"] ?? folder, opened, report });
rmSync(folder, { recursive: true });
console.log(failed === 0 ? "passed" : `FAILED: ${failed}`);
process.exitCode = failed === 0 ? 0 : 1;
