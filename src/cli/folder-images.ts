// Images without labels for a trained model: image files and volumes that no manifest names.

import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Catalogue } from "../data/catalogue/catalogue.ts";
import type { Sample } from "../data/catalogue/sample-lists.ts";
import { imagesBelow } from "../data/formats/folder.ts";
import { recordsOf } from "../data/formats/nifti.ts";
import { isImageName } from "../data/images/image-names.ts";
import type { ImageReading } from "../data/images/image.ts";
import { pixelsEach } from "../data/masks/fit-map.ts";
import { SliceShelf } from "../data/volumes/slice-shelf.ts";
import { planes, type SliceAxis } from "../data/volumes/slicing.ts";
import {
  filesBelow,
  isVolumeName,
  volumeFile,
  volumesBelow,
  type VolumeFile,
} from "../data/volumes/volume-files.ts";
import { sliceOf, VolumeSlices, type VolumeReading } from "../data/volumes/volume-slices.ts";
import { DataError } from "../errors/data-errors.ts";
import { UsageError } from "../errors/errors.ts";
import { voxelVolumeOf } from "../files/nifti-affine.ts";
import { absent } from "../labels/states.ts";
import type { ModelRecord } from "../runs/model-record.ts";
import { warnOfFarImages } from "./far-images.ts";
import { decodeParts, say, type LoadedParts, type ModelOptions } from "./model-images.ts";

/** How the files are read, where somebody says so. */
export interface FolderReading extends ImageReading {
  /** Of volumes. */
  readonly axis?: SliceAxis | undefined;
}

/** Images that are named without a manifest. */
export interface AskedFiles {
  /** Files and folders as they were named, at least one. */
  readonly paths: readonly string[];
  /** How messages call them. */
  readonly said: string;
}

/** A file or a folder that was named. */
interface AskedPath {
  readonly name: string;
  readonly path: string;
  readonly isFile: boolean;
}

/**
 * All image files or all volumes that are named or lie below a named folder, without labels. Their numbers are read as options say,
 * or else as those of the model's training were, where that was one way; of volumes that must be known. Where one file or folder is
 * named, an image is called by its name there, and otherwise by the path that leads to it.
 *
 * @throws DataError for a file that is not there or a folder without images, and for volumes as `VolumeSlices.read`
 * @throws UsageError for both kinds together, an option of the other kind, and volumes of which nobody knows how to read them
 */
export async function loadFiles(
  asked: AskedFiles,
  record: ModelRecord,
  options: ModelOptions & FolderReading,
  signal: AbortSignal,
): Promise<LoadedParts> {
  const paths = [...new Map(asked.paths.map((name) => [resolve(name), name]))].map(([path, name]) => ({
    ...{ name, path, isFile: isFile(path) },
  }));
  if (await areVolumes(asked, paths)) return await loadVolumes(asked, paths, record, options, signal);
  if (options.axis !== undefined) {
    const what = asked.paths.length > 1 ? "are" : paths[0].isFile ? "is" : "holds";
    throw new UsageError(
      `--axis is about volumes (.nii.gz, .nii), and ${asked.said} ${what} none: leave it out`,
    );
  }
  const reading = imageReading(asked, record, options);
  const samples: Sample[] = [];
  for (const each of paths) {
    const found = each.isFile ? [oneImage(each.path, reading)] : await imagesBelow(each.path, { reading });
    samples.push(...found.map((sample) => ({ ...sample, id: idAmong(paths, each, sample.id) })));
  }
  return await loadSamples(asked, samples, [], record, options, signal);
}

/** Whether a path is to be read as a file; what is not there is what its name looks like. */
function isFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? isImageName(path) || isVolumeName(path) : found.isFile();
}

/** What an image is called: by its name where one path was named, and with the path where several were. */
function idAmong(paths: readonly AskedPath[], { name, isFile: isOne }: AskedPath, id: string): string {
  if (paths.length === 1) return id;
  return isOne ? name : join(name, id);
}

/** Whether volumes are asked for. @throws UsageError where other images are, too */
async function areVolumes({ said }: AskedFiles, paths: readonly AskedPath[]): Promise<boolean> {
  const volumes: string[] = [];
  const images: string[] = [];
  for (const { path, isFile: isOne } of paths) {
    if (isOne) (isVolumeName(path) ? volumes : images).push(basename(path));
    // Of a folder that is not there, whoever lists its images says so.
    if (isOne || statSync(path, { throwIfNoEntry: false }) === undefined) continue;
    const found = await filesBelow(path);
    volumes.push(...found.volumes.map(({ file }) => basename(file)));
    images.push(...found.others.filter(isImageName));
  }
  if (volumes.length === 0 || images.length === 0) return volumes.length > 0;
  throw new UsageError(
    `${said} holds volumes (${volumes.length}, such as ${volumes[0]}) and other images ` +
      `(${images.length}, such as ${images[0]}); name a folder of one kind, or one file`,
  );
}

/** An image file by itself. */
const oneImage = (file: string, reading: ImageReading | undefined): Sample => ({
  id: basename(file),
  image: { kind: "file", file, ...(reading === undefined ? {} : { reading }) },
});

function imageReading(
  { said }: AskedFiles,
  { readings = [] }: ModelRecord,
  options: ModelOptions & ImageReading,
): ImageReading | undefined {
  const { bits, window } = options;
  if (bits !== undefined || window !== undefined) return { bits, window };
  if (readings.length === 1) {
    const [reading] = readings;
    say(
      options,
      `images are read with ${describeReading(reading)}, as those were that the model was trained on`,
    );
    return reading;
  }
  if (readings.length > 1) {
    process.stderr.write(
      `warning: the images that the model was trained on were read in ${readings.length} ways ` +
        `(${readings.map(describeReading).join("; ")}), and those of ${said} are read as they say themselves; ` +
        "if their numbers need one of these, name it with --bits or --window\n",
    );
  }
  return undefined;
}

function describeReading({ bits, window }: ImageReading): string {
  const said = [
    ...(bits === undefined ? [] : [`bits ${bits}`]),
    ...(window === undefined ? [] : [`window ${window.join(", ")}`]),
  ];
  return said.length === 0 ? "nothing said" : said.join(" and ");
}

async function loadVolumes(
  asked: AskedFiles,
  paths: readonly AskedPath[],
  record: ModelRecord,
  options: ModelOptions & FolderReading,
  signal: AbortSignal,
): Promise<LoadedParts> {
  const reading = volumeReading(asked, record, options);
  const skipped: DataError[] = [];
  const bad = (error: DataError): void => {
    if (!options.skipBad) throw error;
    skipped.push(error);
  };
  const files: VolumeFile[] = [];
  for (const each of paths) {
    const { path } = each;
    const found = each.isFile ? [volumeFile(dirname(path), basename(path))] : await volumesBelow(path, bad);
    files.push(...found.map((file) => ({ ...file, id: idAmong(paths, each, file.id) })));
  }
  const shelf = new SliceShelf();
  const samples: Sample[] = [];
  const unplaced: string[] = [];
  for (const { id, file } of files) {
    signal.throwIfAborted();
    try {
      const volume = await VolumeSlices.read(file, reading, shelf);
      if (!volume.header.oriented) unplaced.push(file);
      samples.push(...recordsOf({ id, patient: id }, volume));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      bad(error);
    }
  }
  if (unplaced.length > 0) {
    process.stderr.write(
      `warning: ${unplaced.length} of ${files.length} volumes do not say how they lie in the patient (no sform, no qform), such ` +
        `as ${unplaced[0]}: their axes are taken to run to the right, the front and the head\n`,
    );
  }
  const loaded = await loadSamples(asked, samples, skipped, record, options, signal);
  // Where masks are read they tell how much tissue a pixel stands for, which scores of images need.
  const parts = loaded.parts.map((each) => ({
    ...each,
    set: {
      ...each.set,
      voxelVolumes: Float64Array.from(each.samples, ({ image }) => {
        const volume = sliceOf(image)?.volume;
        return volume === undefined
          ? 0
          : voxelVolumeOf(volume.header.affine) * pixelsEach(volume, record.image);
      }),
    },
  }));
  return { ...loaded, parts };
}

/** @throws UsageError where options and model leave it open */
function volumeReading(
  { said }: AskedFiles,
  { volumes = [] }: ModelRecord,
  options: ModelOptions & FolderReading,
): VolumeReading {
  const { bits, window, axis } = options;
  if (bits !== undefined) {
    throw new UsageError(
      `--bits is about image files, and ${said} names volumes: --window says which of their numbers are black and white`,
    );
  }
  const axes = [...new Set(volumes.map((each) => each.axis))];
  const windows = [...new Map(volumes.map((each) => [JSON.stringify(each.window), each.window])).values()];
  const across = axis ?? (axes.length === 1 ? axes[0] : undefined);
  const ways = `was trained on volumes read in ${volumes.length} ways (${volumes.map(describeVolumes).join("; ")})`;
  if (across === undefined) {
    const why = axes.length === 0 ? "was not trained on volumes" : ways;
    throw new UsageError(
      `${said} names volumes, and the model ${why}: say across which axis they are cut with --axis ` +
        `(${planes.join(", ")}, or 0, 1, 2)${window === undefined ? ", and which numbers are black and white with --window" : ""}`,
    );
  }
  if (window === undefined && windows.length !== 1) {
    const why = windows.length === 0 ? "was not trained on volumes" : ways;
    throw new UsageError(
      `${said} names volumes, and the model ${why}: say which of their numbers are black and white with --window`,
    );
  }
  const reading = { axis: across, window: window ?? windows[0] };
  if (axis === undefined || window === undefined) {
    say(options, `volumes are read ${describeVolumes(reading)}, as those were that the model was trained on`);
  }
  return reading;
}

const describeVolumes = ({ axis, window }: VolumeReading): string =>
  `${typeof axis === "string" ? axis : `across axis ${axis}`}, ` +
  (window === undefined ? "each by its own numbers" : `window ${window.join(", ")}`);

async function loadSamples(
  { paths }: AskedFiles,
  samples: readonly Sample[],
  skipped: readonly DataError[],
  record: ModelRecord,
  options: ModelOptions,
  signal: AbortSignal,
): Promise<LoadedParts> {
  const { classes, image } = record;
  const { height, width, channels, fit } = image;
  const list = {
    ...{ source: paths.length === 1 ? paths[0] : "files", part: "test" as const, samples },
    states: new Uint8Array(samples.length * classes.length).fill(absent),
    uncertain: new Uint32Array(classes.length),
  };
  const selected: Catalogue = {
    ...{ classes, image: { height, width, channels, fit }, lists: [list], skipped, remarks: [] },
  };
  const loaded = await decodeParts(selected, options, signal);
  await warnOfFarImages(loaded.parts, record, options.memory);
  return { ...loaded, parts: loaded.parts.map((each) => ({ ...each, part: undefined })) };
}
