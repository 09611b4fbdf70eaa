// Images for a trained model, from a manifest or a folder, at the size that it was trained at, and its predictions: the code
// that `tessera evaluate` and `tessera predict` share.

import { counted } from "../errors/counted.ts";
import { statSync } from "node:fs";
import { ModelError } from "../errors/training-errors.ts";
import { predict, type AveragedViews } from "../assemble/evaluation.ts";
import { checkDigests } from "../runs/file-digests.ts";
import { readRunRecord, runFiles } from "../runs/run-files.ts";
import type { Classifier } from "../assemble/classifier.ts";
import type { ModelFile } from "../runs/model-file.ts";
import type { ModelRecord } from "../runs/model-record.ts";
import { noClass } from "../data/manifest/class-filter.ts";
import { parseTrainingManifest, readTrainingManifest, type Manifest } from "../assemble/training-manifest.ts";
import { parts, type Part } from "../data/catalogue/listing.ts";
import { refuseEmpty } from "../data/assembly/load.ts";
import type { Catalogue } from "../data/catalogue/catalogue.ts";
import type { GivenBox } from "../data/catalogue/box-lists.ts";
import type { Sample } from "../data/catalogue/sample-lists.ts";
import type { OwnSize } from "../data/catalogue/masked-entry.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { remarkWarnings, warningLines } from "../data/inspection/warnings.ts";
import { UsageError } from "../errors/errors.ts";
import { nearMatches, placeOf, visible } from "../labels/wording.ts";
import type { Engine } from "../runtime/engine.ts";
import { Counter, counting } from "./terminal/counter.ts";
import { warnOfFarImages } from "./far-images.ts";
import { skippedLines } from "./loading.ts";
import { decodeImages, imageCacheFolder, listImages, hasFiles } from "../runs/load-images.ts";
import { defaultMemory } from "../runs/load-images.ts";
import { type DeviceOptions } from "../runs/device-options.ts";

export interface ModelOptions extends DeviceOptions {
  readonly dataRoot?: string;
  /** Whether files are read that symbolic links lead to out of it. */
  readonly followLinks?: boolean;
  /** Bytes of images to hold at a time. */
  readonly memory?: number;
  /** Folder of decoded images. */
  readonly cache?: string;
  readonly skipBad: boolean;
  readonly quiet: boolean;
}

/** A manifest, with the data root, seed and limit that select its images. */
export interface NamedManifest {
  readonly manifest: Manifest;
  readonly dataRoot: string;
  readonly seed: number;
  readonly limit: number | undefined;
  readonly skipBad: boolean;
  readonly followLinks?: boolean | undefined;
}

/** Images of one source and part, with their labels. */
export interface PartImages {
  readonly source: string;
  /** The part; undefined for images of a folder. */
  readonly part: Part | undefined;
  /** One for each image of the set. */
  readonly samples: readonly Sample[];
  readonly set: ImageSet;
  /** The given label map of an image of the set at the image's own size, for segmentation. */
  readonly wholeMap?: ((row: number, own: OwnSize) => Promise<Uint8Array>) | undefined;
  /** The given boxes of each image of the set, for classification. */
  readonly boxes?: readonly (readonly GivenBox[])[] | undefined;
}

export interface LoadedParts {
  readonly parts: readonly PartImages[];
  /** What was left out, one line for each. */
  readonly skipped: readonly string[];
}

/** Images in one batch of predictions. */
const batch = 64;

/**
 * The named manifest, or else the one that the run was begun with, with its data root, seed and limit.
 * @throws UsageError where there is neither; ManifestError; RunFolderError
 */
export async function manifestFor(
  run: string,
  file: string | undefined,
  { dataRoot, skipBad, followLinks }: ModelOptions,
): Promise<NamedManifest> {
  if (file !== undefined) {
    if (dataRoot === undefined) throw new UsageError("required option '--data-root <folder>' not specified");
    return {
      manifest: await readTrainingManifest(file, noClass),
      dataRoot,
      seed: 0,
      limit: undefined,
      ...{ skipBad, followLinks },
    };
  }
  if (statSync(run, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`${run}: is no run folder, which would have a manifest of its own; name a manifest`);
  }
  checkDigests(run, [runFiles.record]);
  const { manifest, dataRoot: begunIn, seed, options } = readRunRecord(run);
  return {
    manifest: parseTrainingManifest(manifest.text, manifest.file, noClass),
    dataRoot: dataRoot ?? begunIn,
    seed,
    limit: options.limit,
    skipBad: skipBad || options.skipBad,
    followLinks: followLinks ?? options.followLinks,
  };
}

/**
 * Images of some parts of a manifest, at the model's size.
 * @param more parts that are loaded, too, where there are any
 * @throws UsageError where it has none of those asked for; otherwise as `loadForTraining`
 */
export async function loadParts(
  { manifest, dataRoot, seed, limit, skipBad, followLinks }: NamedManifest,
  asked: readonly Part[],
  record: ModelRecord,
  options: ModelOptions,
  signal: AbortSignal,
  more: readonly Part[] = [],
): Promise<LoadedParts> {
  const { height, width, channels, fit } = record.image;
  const own = manifest.image;
  if (own.height !== height || own.width !== width || own.channels !== channels || own.fit !== fit) {
    const how = own.fit === fit ? "" : ` (fit: ${fit})`;
    say(
      options,
      `images are made ${height} x ${width} x ${channels}${how}, as the model was trained with them`,
    );
  }
  const image = { ...own, height, width, channels, fit };
  const listing = { dataRoot, seed, limit, skipBad, followLinks };
  const selected = await listImages({ ...manifest, image }, listing, counting(options.quiet));
  const lists = selected.lists.filter(({ part }) => [...asked, ...more].includes(part));
  const remarks = selected.remarks.filter((remark) => lists.some(({ source }) => source === remark.source));
  for (const line of warningLines(remarkWarnings(remarks))) process.stderr.write(`${line}\n`);
  if (!lists.some(({ part }) => asked.includes(part))) {
    const there = parts.filter((each) => selected.lists.some(({ part }) => part === each));
    if (there.length === 0) throw manifest.complain(["test"], "is missing: name images to use the model on");
    throw new UsageError(
      `--part ${asked.join(", ")}: the manifest has no such images; its parts are ${there.join(", ")}`,
    );
  }
  const loaded = await decodeParts({ ...selected, lists }, { ...options, skipBad }, signal);
  await warnOfFarImages(loaded.parts, record, options.memory);
  return loaded;
}

/** Decodes what was selected, and tells what was left out. @throws as `decodeImages`; DataError where nothing is left */
export async function decodeParts(
  selected: Catalogue,
  options: ModelOptions,
  signal: AbortSignal,
): Promise<LoadedParts> {
  const { skipBad, quiet, memory = defaultMemory(), cache = imageCacheFolder() } = options;
  const decoded = await decodeImages(
    selected,
    { cache, memory, skipBad, signal },
    counting(quiet || !hasFiles(selected)),
  );
  refuseEmpty(selected, decoded);
  const skipped = [...selected.skipped, ...decoded.skipped];
  if (skipped.length > 0) {
    say(options, `skipped ${counted(skipped.length, "image or record", "images and records")}:`);
    for (const line of skippedLines(skipped, "tessera inspect")) say(options, line);
  }
  return {
    parts: selected.lists.map(({ source, part, samples, masks, boxes, patientsOf = source }, i) => {
      const kept = Array.from(decoded.kept[i], (at) => samples[at]);
      // A training set has no patients, which metrics need here.
      const patients = kept.map(({ patient }) =>
        patient === undefined ? undefined : `${patientsOf}/${patient}`,
      );
      const set = { ...decoded.sets[i], patients };
      return {
        ...{ source, part, samples: kept, set },
        boxes: boxes && Array.from(decoded.kept[i], (at) => boxes[at]),
        wholeMap: masks && ((row, own) => masks.whole(decoded.kept[i][row], own)),
      };
    }),
    skipped: skipped.map(({ message }) => message),
  };
}

/** Logits [N, K] of each part, with progress; with `augment` averaged over views. @throws ModelError, naming the image, for one that is no finite number */
export async function predictParts(
  engine: Engine,
  classifier: Classifier,
  { file, record }: ModelFile,
  loaded: readonly PartImages[],
  options: ModelOptions,
  signal: AbortSignal,
  augment?: AveragedViews,
): Promise<Float32Array[]> {
  const total = loaded.reduce((sum, { set }) => sum + set.count, 0);
  using counter = new Counter("predicting", total, options.quiet);
  const logits: Float32Array[] = [];
  let before = 0;
  for (const { source, samples, set } of loaded) {
    const progress = (done: number): void => counter.update(before + done, total);
    const memory = options.memory ?? defaultMemory();
    const { normalisation, classes } = record;
    const work = { signal, memory, progress, augment };
    const made = await predict(engine, classifier, set, normalisation, batch, work);
    const odd = made.findIndex((logit) => !Number.isFinite(logit));
    if (odd >= 0) {
      const { id } = samples[Math.floor(odd / classes.length)];
      throw new ModelError(
        file,
        `its logit of ${classes[odd % classes.length]} for image ${id} of ${source} is no finite number: its weights have ` +
          "diverged; train again with a lower learning rate",
      );
    }
    logits.push(made);
    before += set.count;
  }
  return logits;
}

/** Classes that a model and a manifest share, in the manifest's order, and those that only one of them has. */
export interface MatchedClasses {
  readonly shared: readonly string[];
  readonly unknownToModel: readonly string[];
  readonly unknownToManifest: readonly string[];
}

/**
 * Matches classes by name, and prints those without a match. Shared classes are spelled as in the manifest.
 * @throws UsageError where no name matches, and for a class that the other side has nearly by that name
 */
export function matchClasses(
  model: readonly string[],
  manifest: readonly string[],
  options: { readonly quiet: boolean },
): MatchedClasses {
  const inModel = placeOf(model);
  const inManifest = placeOf(manifest);
  const near = nearMatches(model);
  for (const name of manifest) {
    const other = inModel(name) >= 0 ? undefined : near(name);
    if (other === undefined) continue;
    throw new UsageError(
      `the manifest names the class ${visible(name)}, which the model calls ${visible(other)}, if it is the same: call it so in ` +
        "the manifest, or by another name if it is not",
    );
  }
  const shared = manifest.filter((name) => inModel(name) >= 0);
  if (shared.length === 0) {
    throw new UsageError(
      `the model and the manifest have no class in common: the model knows ${model.join(", ")}, the manifest ` +
        `names ${manifest.join(", ")}`,
    );
  }
  const unknownToModel = manifest.filter((name) => inModel(name) < 0);
  const unknownToManifest = model.filter((name) => inManifest(name) < 0);
  const unmatched = [
    ...(unknownToModel.length === 0 ? [] : [`the model does not know ${unknownToModel.join(", ")}`]),
    ...(unknownToManifest.length === 0 ? [] : [`the manifest does not name ${unknownToManifest.join(", ")}`]),
  ];
  if (unmatched.length > 0) say(options, unmatched.join("; "));
  return { shared, unknownToModel, unknownToManifest };
}

/** The columns of some of the classes: [N, K] to [N, kept]. */
export function columnsOf<Values extends Float32Array | Uint32Array | Uint8Array>(
  values: Values,
  classes: readonly string[],
  kept: readonly string[],
): Values {
  const columns = kept.map(placeOf(classes));
  const rows = values.length / classes.length;
  const taken = new (values.constructor as new (length: number) => Values)(rows * kept.length);
  for (let at = 0; at < taken.length; at++) {
    taken[at] = values[Math.floor(at / kept.length) * classes.length + columns[at % kept.length]];
  }
  return taken;
}

export function say({ quiet }: { readonly quiet: boolean }, text: string): void {
  if (!quiet) process.stderr.write(`${text}\n`);
}
