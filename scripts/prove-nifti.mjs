// Proof that an independent reader, nibabel, finds our label volumes where the volumes lie: `npm run prove:nifti -- [FILE ...]`.
//
// Volumes of every axis order, direction, version and byte order (and the files named) are cut into slices on each plane, the
// slices are put together again as labels, and scripts/prove-nifti.py opens the result. Needs Debian's python3-nibabel.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readNifti, voxelReader } from "../dist/files/nifti-volume.js";
import { LabelVolume } from "../dist/data/volumes/label-volume.js";
import { SliceShelf } from "../dist/data/volumes/slice-shelf.js";
import { planes } from "../dist/data/volumes/slicing.js";
import { VolumeSlices } from "../dist/data/volumes/volume-slices.js";
import { volumeSamples } from "./prove-formats/volume-samples.mjs";

const python = process.env.PYTHON ?? "/usr/bin/python3";
const program = fileURLToPath(new URL("prove-nifti.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tessera-nifti-"));
const shelf = new SliceShelf();

const made = Object.entries(volumeSamples).map(([name, sample]) => {
  const file = join(folder, `${name.replaceAll(" ", "-")}.nii`);
  writeFileSync(file, sample.write(1)["scan.nii"]);
  return file;
});

let failed = 0;
for (const file of [...made, ...process.argv.slice(2)]) {
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
    const { stdout, stderr, status } = spawnSync(python, [program, file, out], { encoding: "utf8" });
    const found = status === 0 ? Object.entries(JSON.parse(stdout)) : [];
    const again = await readNifti(out);
    const value = voxelReader(again);
    const same = volume.labels.every((label, i) => value(i) === label);
    const right =
      same &&
      found.length === expected.size &&
      found.every(([label, count]) => expected.get(Number(label)) === count);
    if (!right) failed++;
    console.log(
      `${right ? "ok    " : "FAILED"} ${file}, ${axis}${status === 0 ? "" : `: ${stderr.trim().split("\n").at(-1)}`}`,
    );
  }
}
rmSync(folder, { recursive: true });
console.log(failed === 0 ? "passed" : `FAILED: ${failed}`);
process.exitCode = failed === 0 ? 0 : 1;
