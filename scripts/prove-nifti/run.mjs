// A few steps of training on volumes, and the label volumes that `tessera predict` makes of them, opened by nibabel: each in the place
// of its volume, with as many voxels of each class as the table beside it says.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { parse as parseYaml } from "yaml";
import { volumeSamples } from "../prove-formats/volume-samples.mjs";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const suffixes = [".nii.gz", ".nii"];

/**
 * @param manifest default: volumes made up in the folder, one of each version and byte order
 * @param opened the counts of labels that nibabel finds
 * @param report told of each proof
 */
export async function proveRun({ folder, manifest = madeUp(folder), dataRoot, opened, report }) {
  const content = parseYaml(readFileSync(manifest, "utf8"), { merge: true });
  const entries = [...content.sources, content.validation, content.test].filter((each) => each !== undefined);
  const [run, cache] = ["run", "cache"].map((name) => join(folder, name));
  const tessera = (...parameters) => {
    const made = spawnSync(process.execPath, [main, ...parameters, "--cache", cache, "--quiet"], {
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`tessera ${parameters.join(" ")}: ${made.stderr}`);
  };
  tessera("train", manifest, "--data-root", dataRoot, "--steps", "4", "--out", run, "--no-report");

  /** The volume that a row's image is a slice of. */
  const volumeOf = ({ source, image }) => {
    const { volumes } = entries.find(({ name }) => name === source);
    const at = join(dataRoot, volumes);
    if (suffixes.some((suffix) => at.endsWith(suffix))) return at;
    const paths = suffixes.map((suffix) => join(at, image.slice(0, image.lastIndexOf("/")) + suffix));
    return paths.find((path) => existsSync(path));
  };
  const check = (out, volume) => {
    const classes = parse(readFileSync(join(out, "classes.csv")), { columns: true });
    const rows = parse(readFileSync(join(out, "images.csv")), { columns: true });
    const masks = new Map(rows.map((row) => [row.mask, volume(row)]));
    for (const [mask, file] of masks) {
      const found = new Map(opened(file, join(out, mask)));
      const named = classes.filter((row) => !["background", "ignored"].includes(row.class));
      const right = named.every((row) => {
        const pixels = rows
          .filter((each) => each.mask === mask)
          .map((each) => Number(each[`${row.class} pixels`]));
        return (found.get(row.number) ?? 0) === pixels.reduce((sum, each) => sum + each, 0);
      });
      report(right && found.size > 0, `${basename(out)}/${mask}, of ${file}`);
      const provenance = join(out, mask.replace("masks/", "provenance/"));
      if (!existsSync(provenance)) continue;
      const origins = opened(file, provenance);
      report(
        origins.length > 0 && origins.every(([origin]) => Number(origin) <= 3),
        `${basename(out)}/${mask.replace("masks/", "provenance/")}`,
      );
    }
  };

  const out = (name) => join(folder, name);
  tessera("predict", run, "--masks", out("test"));
  check(out("test"), volumeOf);
  tessera("predict", run, "--complete", "--masks", out("complete"));
  check(out("complete"), volumeOf);
  const [{ source, image }] = parse(readFileSync(join(out("test"), "images.csv")), { columns: true });
  const volume = volumeOf({ source, image });
  tessera("predict", run, "--images", volume, "--masks", out("images"));
  check(out("images"), () => volume);
}

/** Writes volumes, label volumes and a manifest. @returns the manifest's path */
function madeUp(folder) {
  const entry = (name, sample, seed, values, more = "") => {
    const files = volumeSamples[sample].write(seed);
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, `${name}-${file}`), bytes);
    return (
      `{ name: ${name}, format: nifti, volumes: ${name}-scan.nii, masks: ${name}-labels.nii, values: ${values}, ` +
      `axis: axial, window: [-1000, 1000]${more} }`
    );
  };
  const text = `task: segmentation
classes: [A, B]
exclusive: true
image: { height: 8, width: 8, channels: 1, fit: pad }
sources:
  - ${entry("first", "nifti", 1, "{ 1: A }", ", background: [2], slices: { from: 2, to: 6 }, split: { by: none }")}
  - ${entry("second", "nifti qform big", 2, "{ 1: A, 2: B }", ", split: { by: none }")}
test: ${entry("tested", "nifti 2", 3, "{ 1: A, 2: B }")}
model: { width: 4, levels: 2 }
train: { preset: small, batch: 4 }
`;
  const manifest = join(folder, "manifest.yaml");
  writeFileSync(manifest, text);
  return manifest;
}
