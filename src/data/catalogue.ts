// From a manifest to samples with label states: every source listed, its labels mapped to classes, its uncertain and
// blank labels settled, its images filtered, limited and split. No image file is opened.
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError } from "../device/errors.ts";
import { suggestion } from "../device/nearest.ts";
import type { FieldPath } from "./complaints.ts";
import type { Entry, Split } from "./entry-schema.ts";
import { DataError, ManifestError } from "./failures.ts";
import { list } from "./formats/index.ts";
import { given, parts } from "./listing.ts";
import type { ImagePlace, ListContext, Listing, Part } from "./listing.ts";
import { entriesWithPaths } from "./manifest-checks.ts";
import type { Manifest } from "./manifest.ts";
import { combineLabels, mapLabels, settle } from "./mapping.ts";
import type { ClassMapping, Refuse } from "./mapping.ts";
import { keepWithin, positiveLimits, select } from "./selection.ts";
import { refuseSharedImages } from "./shared-images.ts";
import type { Taken } from "./shared-images.ts";
import { readSplitList } from "./split-lists.ts";
import { splitByFractions, splitByList, splitOfficially } from "./splits.ts";

export interface Sample {
  /** Unique in its source. */
  readonly id: string;
  readonly image: ImagePlace;
  readonly patient?: string;
}

/** The samples of one entry of the manifest in one part of its split. */
export interface SampleList {
  /** Name of the entry. */
  readonly source: string;
  readonly part: Part;
  readonly samples: readonly Sample[];
  /** [samples, K] label states: metrics/label-states.ts. */
  readonly states: Uint8Array;
  /** [K] how many of the states were uncertain in the source, whatever the policy made of them. */
  readonly uncertain: Uint32Array;
}

/** Everything that a manifest selects, in its order: sources (each train, validation, test), then its own splits. */
export interface Catalogue {
  readonly classes: readonly string[];
  readonly image: { readonly height: number; readonly width: number; readonly channels: number };
  readonly lists: readonly SampleList[];
}

export interface CatalogueOptions {
  /** Folder that the manifest's paths are relative to. */
  readonly dataRoot: string;
  /**
   * Draws which images a limit keeps and which phantoms are drawn. Validation and test images, splits, and how a source
   * is dealt into parts, never depend on it: runs with different seeds are scored on the same images.
   */
  readonly seed: number;
  /** At most so many training images a source; validation and test entries have limits of their own. */
  readonly limit?: number | undefined;
}

/** One byte each, of one source: below what one typed array can hold. */
const mostStates = 2 ** 31;

/** Draws what no --seed may change. */
const fixedSeed = 0;

/**
 * Lists every image that a manifest selects.
 *
 * @throws DataError for files that are missing, damaged, or do not hold what the manifest says
 * @throws ManifestError for names that the data does not have, with the nearest that it has
 */
export async function catalogue(manifest: Manifest, options: CatalogueOptions): Promise<Catalogue> {
  const { classes, image, sources } = manifest;
  const { dataRoot, seed, limit = Infinity } = options;
  if (!(limit >= 1)) throw new UsageError(`the limit of images a source is ${limit}; it must be 1 or more`);
  const locate = locator(dataRoot);
  const once = sharer();

  const listed: ListedEntry[] = [];
  for (const [path, entry] of entriesWithPaths(manifest)) {
    const isSource = path[0] === "sources";
    const refuse: Refuse = (field, reason) => {
      throw manifest.complain([...path, ...field], reason);
    };
    const settings = isSource ? { seed, limit } : { seed: fixedSeed, limit: Infinity };
    const context: ListContext = {
      entry: entry.name,
      classes,
      image: { height: image.height, width: image.width, channels: image.channels },
      // What a split sets apart must be the same for every seed, and with it all that is drawn before the split.
      seed: "split" in entry && entry.split !== undefined ? fixedSeed : settings.seed,
      limit: drawsNoMore(entry) ? Math.min(settings.limit, entry.limit ?? Infinity) : Infinity,
      locate,
      once,
    };
    const listing = await listEntry(manifest, path, entry, context);
    if (listing.records.length * classes.length > mostStates) {
      refuse(
        [],
        `has ${listing.records.length} images, too many for ${classes.length} classes: over 2 GiB of labels`,
      );
    }
    const mapping = mapLabels(listing.labelNames, classes, entry, refuse);
    const chosen = select(listing, entry, refuse);
    if (chosen.length === 0) refuse([], "takes no image: its filters leave none");
    const partOf = isSource
      ? await splitSource(listing, entry, context, refuse)
      : takeParts(listing, entry, path[0] === "test" ? "test" : "validation", refuse);
    if (chosen.every((index) => partOf[index] === undefined)) {
      refuse([], "takes no image: its filters leave none of those that its split or parts name");
    }
    listed.push({ path, entry, listing, mapping, chosen, partOf, ...settings });
  }
  refuseSharedImages(listed, manifest.complain);
  refuseUnknownClasses(manifest, listed);

  const lists = listed.flatMap((item) => sampleLists(item, classes));
  if (!lists.some(({ part }) => part === "train")) {
    throw manifest.complain(["sources"], "leave no image to train on: every split sets all of them apart");
  }
  if (!lists.some(({ part }) => part === "test")) {
    const names = sources.map(({ name }) => `"${name}"`).join(", ");
    throw manifest.complain(
      ["test"],
      `is missing: name images to test on, or give a source a split with a test part (${names} have none)`,
    );
  }
  const { height, width, channels } = image;
  return { classes, image: { height, width, channels }, lists };
}

/** An entry with what its source holds, and what the manifest makes of it. */
interface ListedEntry extends Taken {
  readonly mapping: ClassMapping;
  readonly seed: number;
  /** Of training images. */
  readonly limit: number;
}

/** Whether an entry needs no more records than its limit: nothing is left out after they are drawn. */
function drawsNoMore(entry: Entry): boolean {
  const { rows, part, where, holds, limitPerClass } = entry;
  const filters = [rows, part, where, holds, limitPerClass, "split" in entry ? entry.split : undefined];
  return filters.every((filter) => filter === undefined);
}

/** Lists an entry; complaints of its format about the manifest get their line. */
async function listEntry(
  manifest: Manifest,
  path: FieldPath,
  entry: Entry,
  context: ListContext,
): Promise<Listing> {
  let listing: Listing;
  try {
    listing = await list(entry, context);
  } catch (cause) {
    if (!(cause instanceof ManifestError) || cause.line !== undefined) throw cause;
    const keys = cause.field.split(".");
    throw manifest.complain(
      Object.hasOwn(manifest, keys[0]) ? keys : [...path, ...keys],
      cause.reason,
      cause,
    );
  }
  const { records, labelNames } = listing;
  if (records.length === 0) throw manifest.complain(path, "holds no image");
  const seen = new Set<string>();
  for (const [record, { id }] of records.entries()) {
    if (seen.has(id))
      throw new DataError(entry.name, `holds the image ${JSON.stringify(id)} twice`, { record });
    seen.add(id);
  }
  if (listing.given.length !== records.length * labelNames.length) {
    throw new DataError(
      entry.name,
      `has ${listing.given.length} labels for ${records.length} images and ${labelNames.length} names of labels`,
    );
  }
  return listing;
}

/** The part of every record of a source. */
async function splitSource(
  { records }: Listing,
  entry: Entry,
  context: ListContext,
  refuse: Refuse,
): Promise<readonly (Part | undefined)[]> {
  const official = records.some(({ part }) => part !== undefined);
  const split: Split = ("split" in entry ? entry.split : undefined) ?? { by: official ? "official" : "none" };
  switch (split.by) {
    case "none":
      return records.map(() => "train");
    case "official":
      if (!official) {
        refuse(["split", "by"], "is official, but this source does not say which images are in which part");
      }
      return splitOfficially(records);
    case "list": {
      const partOf = splitByList(records, await readSplitList(split, context));
      if (partOf.every((part) => part === undefined)) {
        refuse(
          ["split"],
          `lists none of the images of "${entry.name}", such as ${JSON.stringify(records[0].id)}`,
        );
      }
      return partOf;
    }
    default: {
      if (split.by === "patient" && records.every(({ patient }) => patient === undefined)) {
        refuse(["split", "by"], "is patient, but this source does not say whose images they are");
      }
      const partOf = splitByFractions(records, split);
      const empty = parts.find((part) => split[part] > 0 && !partOf.includes(part));
      if (empty !== undefined) {
        const what = split.by === "patient" ? "patients" : "images";
        refuse(
          ["split"],
          `leaves the ${empty} part empty: the source has too few ${what} for ${split[empty]}`,
        );
      }
      return partOf;
    }
  }
}

/** The same part for every record that a validation or test entry takes. */
function takeParts(
  { records }: Listing,
  entry: Entry,
  own: "validation" | "test",
  refuse: Refuse,
): readonly (Part | undefined)[] {
  const wanted = "parts" in entry ? entry.parts : undefined;
  const official = records.some(({ part }) => part !== undefined);
  if (!official) {
    if (wanted !== undefined)
      refuse(["parts"], "are named, but this source does not say which images are in which");
    return records.map(() => own);
  }
  const partOf = splitOfficially(records).map((part) => ((wanted ?? [own]).includes(part) ? own : undefined));
  if (partOf.every((part) => part === undefined)) {
    refuse(
      wanted === undefined ? [] : ["parts"],
      `take no image: the source has no ${(wanted ?? [own]).join(" or ")} part; name others under parts`,
    );
  }
  return partOf;
}

/** The samples of an entry, by part; a part without any is left out. */
function sampleLists(item: ListedEntry, classes: readonly string[]): SampleList[] {
  const { path, entry, listing, mapping, chosen, partOf } = item;
  const combined = combineLabels(listing.given, mapping);
  const states = settle(combined, classes, mapping, entry);
  const width = classes.length;
  return parts.flatMap((part): SampleList[] => {
    const indices = chosen.filter((index) => partOf[index] === part);
    // What is set apart by a split is never limited: it would depend on the seed.
    const limited = path[0] !== "sources" || part === "train";
    const kept = limited
      ? keepWithin(
          indices,
          states,
          {
            images: Math.min(item.limit, entry.limit ?? Infinity),
            positives: positiveLimits(entry.limitPerClass, classes),
          },
          item.seed,
          entry.name,
        )
      : indices;
    if (kept.length === 0) return [];
    const uncertain = new Uint32Array(width);
    const rows = new Uint8Array(kept.length * width);
    for (const [i, index] of kept.entries()) {
      rows.set(states.subarray(index * width, (index + 1) * width), i * width);
      for (let k = 0; k < width; k++) {
        if (mapping.known[k] && combined[index * width + k] === given.uncertain) uncertain[k]++;
      }
    }
    const samples = kept.map((index): Sample => {
      const { id, image, patient } = listing.records[index];
      return { id, image, ...(patient === undefined ? {} : { patient }) };
    });
    return [{ source: entry.name, part, samples, states: rows, uncertain }];
  });
}

/** Somebody must know each class, or nothing can be learned of it; and limits must be of classes that are known. */
function refuseUnknownClasses(manifest: Manifest, listed: readonly ListedEntry[]): void {
  const { classes } = manifest;
  const sources = listed.filter(({ path }) => path[0] === "sources");
  for (const [k, name] of classes.entries()) {
    if (sources.some(({ mapping }) => mapping.known[k])) continue;
    const labels = [...new Set(sources.flatMap(({ listing }) => listing.labelNames))];
    throw manifest.complain(
      ["classes", k],
      `names "${name}", but no source knows it: no label of a source is called so or mapped to it${suggestion(name, labels)}`,
    );
  }
  for (const { path, entry, mapping } of listed) {
    if (typeof entry.limitPerClass !== "object") continue;
    for (const name of Object.keys(entry.limitPerClass)) {
      if (mapping.known[classes.indexOf(name)]) continue;
      throw manifest.complain(
        [...path, "limitPerClass", name],
        `limits "${name}", which "${entry.name}" has no labels of`,
      );
    }
  }
}

function locator(dataRoot: string): ListContext["locate"] {
  const root = resolve(dataRoot);
  return async (path) => {
    const file = join(root, path);
    if (await exists(file)) return file;
    if (!(await exists(root))) {
      throw new DataError(root, "does not exist; name the folder of the datasets with --data-root");
    }
    throw new DataError(
      file,
      `does not exist; --data-root is ${root}, and the manifest names ${path} below it`,
    );
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false, // whatever keeps us from it: opening it would fail too
  );
}

/** Two entries often share a file; it is read once and forgotten after listing. */
function sharer(): ListContext["once"] {
  const known = new Map<string, Promise<unknown>>();
  return <Content>(key: string, read: () => Promise<Content>): Promise<Content> => {
    const content = known.get(key) ?? read();
    known.set(key, content);
    return content as Promise<Content>; // a key stands for one content
  };
}
