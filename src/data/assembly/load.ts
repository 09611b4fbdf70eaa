// From a manifest to an assembly: its catalogue, the pixels of its samples, and the sets that trainers take.
import { relationsOf } from "../../labels/class-relations.ts";
import {
  aNumber,
  aString,
  expectOptions,
  aFunction,
  expectArgument,
  madeWith,
} from "../../errors/arguments.ts";
import { dirname, sep } from "node:path";
import { assembly, concatenate } from "./assembly.ts";
import type { Assembly, ImageSet } from "./assembly.ts";
import { aCatalogue, catalogue, catalogueOptions } from "../catalogue/catalogue.ts";
import type { Catalogue, CatalogueOptions } from "../catalogue/catalogue.ts";
import { DataError } from "../../errors/data-errors.ts";
import type { Learns } from "../manifest/class-filter.ts";
import type { Part } from "../catalogue/listing.ts";
import { aManifest, type DataManifest } from "../manifest/manifest.ts";
import { decodeAssembly, decodeOptions } from "./pixels.ts";
import type { DecodedAssembly, DecodeOptions } from "./pixels.ts";

const decodedImages = madeWith("what decodeAssembly gives", ["sets", "skipped"]);

type DecodedImages = Pick<DecodedAssembly, "sets" | "skipped">;

/** Options of listing and decoding (pixels.ts); by default all pixels are decoded into memory. */
export interface LoadOptions extends CatalogueOptions, Partial<Omit<DecodeOptions, "skipBad">> {}

/**
 * @throws DataError for files that are missing, damaged, or do not hold what the manifest says
 * @throws ManifestError for names that the data does not have
 * @throws UsageError where images must be decoded, and no folder of the cache is named
 */
export async function loadAssembly(manifest: DataManifest, options: LoadOptions): Promise<Assembly> {
  expectArgument("loadAssembly", "the manifest", manifest, aManifest);
  expectOptions("loadAssembly", options, {
    ...decodeOptions,
    ...catalogueOptions,
    cache: aString,
    memory: aNumber,
  });
  const { dataRoot, seed, limit, followLinks, untested, onDrawn, onOpened, onMask, ...decoding } = options;
  const { cache = "", memory = Infinity, skipBad = false } = options;
  const listing = { dataRoot, seed, limit, skipBad, followLinks, untested, onDrawn, onOpened, onMask };
  const selected = await catalogue(manifest, listing);
  const decoded = await decodeAssembly(selected, { ...decoding, cache, memory, skipBad });
  return assembled(selected, decoded, manifest.learns);
}

/**
 * The sets of a catalogue for training: the training part of each source, and the validation and test parts of all entries,
 * joined. Without a test part, the images to train on stand in its place, for whoever divides them (`foldsOf`), with the names and
 * patients that decoding kept (`divided`).
 *
 * @throws DataError as refuseEmpty
 */
export function assembled(selected: Catalogue, decoded: DecodedImages, learns?: Learns): Assembly {
  expectArgument("assembled", "the catalogue", selected, aCatalogue);
  expectArgument("assembled", "the images", decoded, decodedImages);
  if (learns !== undefined) expectArgument("assembled", "learns", learns, aFunction);
  refuseEmpty(selected, decoded);
  const { classes, lists } = selected;
  const { sets } = decoded;
  const of = (part: Part): ImageSet[] => sets.filter((_, i) => lists[i].part === part);
  const joined = (part: Part): ImageSet => {
    const [first, ...others] = of(part);
    return others.length === 0 ? first : concatenate(part, [first, ...others]);
  };
  const sources = of("train");
  const made = {
    classes,
    ...relationsOf(selected),
    sources,
    ...(of("validation").length === 0 ? {} : { validation: joined("validation") }),
    test: of("test").length > 0 ? joined("test") : concatenate("all", sources),
  };
  return assembly(made, learns);
}

/** The most reasons in a message. */
const toldReasons = 3;

/** @throws DataError for the first source that has a part without any image left; most often its folder is wrong */
export function refuseEmpty({ lists }: Catalogue, { sets, skipped }: DecodedImages): void {
  const empty = lists.find(({ samples }, i) => samples.length > 0 && sets[i].count === 0);
  if (empty === undefined) return;
  const { source, part, samples } = empty;
  const files = new Set(samples.flatMap(({ image }) => (image.kind === "file" ? [image.file] : [])));
  const own = skipped.filter(({ file }) => files.has(file));
  // One reason that all files have is told once, and the folder is in doubt only where files are not there.
  const told = new Map<string, DataError>();
  for (const error of own) if (!told.has(error.reason)) told.set(error.reason, error);
  const reasons = [...told.values()].slice(0, toldReasons);
  const isMissing = own.some(({ reason }) => reason.startsWith("does not exist"));
  const doubt = isMissing ? `: is ${commonFolder([...files])} where they are? The first: ` : "; the first: ";
  throw new DataError(
    source,
    `none of its ${samples.length} ${part} images can be decoded${doubt}` +
      reasons.map(({ message }) => message).join("; "),
  );
}

function commonFolder(files: readonly string[]): string {
  const [first, ...others] = files.map((file) => dirname(file).split(sep));
  const end = first.findIndex((name, i) => others.some((names) => names[i] !== name));
  return (end < 0 ? first : first.slice(0, end)).join(sep) || sep;
}
