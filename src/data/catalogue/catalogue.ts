// From a manifest to samples with label states: every source listed, its labels mapped to classes, its uncertain and
// blank labels settled, its images filtered, limited and split. No image file is opened.
import {
  aFlag,
  aFunction,
  aNumber,
  aString,
  expectArgument,
  expectOptions,
  required,
  type OptionChecks,
  madeWith,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { datasetsOf } from "../manifest/datasets.ts";
import { entriesOf, wantedLabels } from "../manifest/entries.ts";
import { partsOf } from "./entry-parts.ts";
import { DataError } from "../../errors/data-errors.ts";
import { mostArrayBytes } from "../../files/limits.ts";
import type { FittedSize } from "../images/image.ts";
import { relationsOf, type ClassRelations } from "../../labels/class-relations.ts";
import { exclusiveGroups } from "../manifest/mask-checks.ts";
import { readBoxes } from "./box-lists.ts";
import { LeftOut } from "./left-out-records.ts";
import { parts } from "./listing.ts";
import { entryMasks, maskedListing } from "./masked-entry.ts";
import { backgroundRemark, LeftMasks, mapsOf, unseenRemark, withMasksRead } from "./masked-lists.ts";
import { placeMasks } from "./mask-places.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { Links, ListContext, ListedRecord } from "./listing.ts";
import { aManifest, type DataManifest } from "../manifest/manifest.ts";
import type { Remark } from "./remarks.ts";
import { classWordRemarks } from "./class-words.ts";
import { joinSpellings } from "./identities.ts";
import {
  drawingOf,
  fixedSeed,
  isFiltered,
  listEntry,
  withReading,
  type ListedEntry,
} from "./listed-entry.ts";
import { linksWithin, locator, sharer } from "./locating.ts";
import { combineLabels, mapLabels, settle } from "./mapping.ts";
import type { Refuse } from "./mapping.ts";
import { withTagPatients } from "./patient-tags.ts";
import { keepWithin, positiveLimits, select, whyNoneTaken } from "./selection.ts";
import { followTree, mapThroughTree, standInRemark, treeRemark } from "./tree-labels.ts";
import type { Sample, SampleList } from "./sample-lists.ts";
import { refuseSharedImages } from "./shared-images.ts";
import { countLabels, refuseUnknownClasses, refuseUntaughtClasses } from "./taught-classes.ts";

/** Everything that a manifest selects, in its order: sources (each train, validation, test), then its validation and test. */
export interface Catalogue extends ClassRelations {
  readonly classes: readonly string[];
  readonly image: FittedSize;
  readonly lists: readonly SampleList[];
  /** Records of tables and lists that were left out, each once. */
  readonly skipped: readonly DataError[];
  /** What was guessed, joined or left out, and what nobody understood, in the order of the entries. */
  readonly remarks: readonly Remark[];
}

/** A catalogue as far as arguments are looked at. */
export const aCatalogue = madeWith("what catalogue gives", ["classes", "image", "lists"]);

export interface CatalogueOptions {
  /** Folder that the manifest's paths are relative to. */
  readonly dataRoot: string;
  /**
   * Seed of which images a limit keeps and which phantoms are drawn. Validation and test images, splits and parts of a source
   * never depend on it: runs with different seeds are scored on the same images.
   */
  readonly seed: number;
  /** At most so many training images a source; validation and test entries have limits of their own. */
  readonly limit?: number | undefined;
  /** Whether records that cannot be listed (rows of a table, lines of a list) are left out; else the first is an error. */
  readonly skipBad?: boolean | undefined;
  /** Whether files are read that symbolic links lead to out of the data root; else the first is an error. Default: false. */
  readonly followLinks?: boolean | undefined;
  /** Whether a manifest without test images will do, for somebody who tests on others; default: false. */
  readonly untested?: boolean | undefined;
  /** Called after each phantom that is drawn, with the name of its entry. */
  readonly onDrawn?: ((entry: string, done: number, total: number) => void) | undefined;
  /** Called after each file whose header is read for its patient, with the name of its entry. */
  readonly onOpened?: ((entry: string, done: number, total: number) => void) | undefined;
  /** Called after each mask that is read, with the name of its entry. */
  readonly onMask?: ((entry: string, done: number, total: number) => void) | undefined;
}

export const catalogueOptions: OptionChecks<CatalogueOptions> = {
  dataRoot: required(aString),
  seed: required(aNumber),
  limit: aNumber,
  skipBad: aFlag,
  followLinks: aFlag,
  untested: aFlag,
  onDrawn: aFunction,
  onOpened: aFunction,
  onMask: aFunction,
};

/**
 * Lists every image that a manifest selects.
 *
 * @throws DataError for files that are missing, damaged, or do not hold what the manifest says
 * @throws ManifestError for names that the data does not have, with the nearest that it has; and for files that a symbolic link leads to
 *   out of the data root, unless `followLinks`
 */
export async function catalogue(manifest: DataManifest, options: CatalogueOptions): Promise<Catalogue> {
  expectArgument("catalogue", "the manifest", manifest, aManifest);
  expectOptions("catalogue", options, catalogueOptions);
  const { classes, sources, parents } = manifest;
  const { height, width, channels, fit } = manifest.image;
  const image = { height, width, channels, fit };
  const { dataRoot, limit = Infinity, skipBad = false, untested = false, followLinks = false } = options;
  if (!(limit >= 1)) throw new UsageError(`the limit of images a source is ${limit}; it must be 1 or more`);
  const remarks: Remark[] = [];
  const skipped = new Map<string, DataError>(); // by message: two entries may read one table
  const isMasked = manifest.task === "segmentation";
  const leftMasks = new LeftMasks();
  const locate = locator(dataRoot);
  const within = followLinks ? undefined : linksWithin(dataRoot);
  const reading = {
    classes,
    masked: isMasked,
    ...(parents === undefined ? {} : { parents }),
    image,
    once: sharer(),
    bad: (error: DataError) => {
      if (!skipBad)
        throw error.advising("mend or remove it, or add --skip-bad to go on without such records");
      skipped.set(error.message, error);
    },
  };

  const listed: ListedEntry[] = [];
  for (const place of entriesOf(manifest)) {
    const { path, entry } = place;
    const refuse: Refuse = (field, reason) => {
      throw manifest.complain([...path, ...field], reason);
    };
    const drawing = drawingOf(place, options.seed, limit);
    const leftOut = new LeftOut();
    const links = within?.((reason) => refuse([], reason));
    const context: ListContext = {
      ...{ ...reading, links },
      locate: (file) => locate(file, links),
      bad: (error) => {
        leftOut.add(error);
        reading.bad(error);
      },
      entry: entry.name,
      window: entry.window,
      masks: entry.masks,
      wanted: wantedLabels(entry, manifest),
      others: entry.others ?? [],
      // The split must not depend on --seed, nor may anything that is drawn before it.
      seed: drawing.splits ? fixedSeed : drawing.seed,
      limit: drawing.splits || isFiltered(entry) ? Infinity : drawing.limit,
      remark: (remark) => remarks.push({ source: entry.name, ...remark }),
      drawn: (done, total) => options.onDrawn?.(entry.name, done, total),
    };
    const named = await listEntry(manifest, path, entry, context);
    refuseLinks(named.records, links);
    const opened = (done: number, total: number): void => options.onOpened?.(entry.name, done, total);
    const spelled = joinSpellings(
      entry.patientTag === true ? await withTagPatients(named, context.bad, refuse, opened) : named,
      entry.name,
      context.remark,
    );
    const placed = isMasked ? await placeMasks(spelled, entry.masks, context, refuse) : undefined;
    if (placed !== undefined) refuseLinks(placed.listing.records, links);
    const masked = placed && maskedListing(placed.listing, entry, refuse);
    const listing = masked?.listing ?? spelled;
    if (placed?.left !== undefined) leftMasks.add(entry.name, placed.left);
    if (listing.records.every(({ leftOut }) => leftOut)) {
      refuse([], `holds no image${leftOut.count === 0 ? "" : ` that can be listed${leftOut.firstFault}`}`);
    }
    if (listing.records.length * classes.length > mostArrayBytes) {
      refuse(
        [],
        `has ${listing.records.length} images, too many for ${classes.length} classes: over 2 GiB of labels`,
      );
    }
    const readings = withReading(listing, entry, refuse);
    const ownMapping = mapLabels(listing.labelNames, classes, entry, refuse, parents);
    const mapping = mapThroughTree(ownMapping, parents, listing.unlisted === true);
    const standIn = parents && standInRemark(entry.name, ownMapping, mapping, classes, parents);
    if (standIn !== undefined) remarks.push(standIn);
    remarks.push(
      ...classWordRemarks({ ...entry, source: entry.name, listing, classes, mapping: ownMapping }),
    );
    const masks =
      placed &&
      entryMasks(
        { entry, listing: readings, labels: masked?.labels, mapping, size: image, whyNone: placed.whyNone },
        context,
        refuse,
        (done, total) => options.onMask?.(entry.name, done, total),
      );
    const boxes = entry.boxes && (await readBoxes(entry.boxes, listing, ownMapping, context, refuse));
    // Its labels are known once masks are read.
    if (entry.holds !== undefined) {
      await masks?.read([...listing.records.keys()].filter((index) => !listing.records[index].leftOut));
    }
    const chosen = select(listing, entry, refuse, context);
    if (chosen.length === 0) {
      refuse([], `takes no image: its filters leave none: ${whyNoneTaken(listing, entry, refuse)}`);
    }
    const partOf = await partsOf(place, listing, context, leftOut, refuse);
    if (chosen.every((index) => partOf[index] === undefined)) {
      refuse([], "takes no image: its filters leave none of those that its split or parts name");
    }
    listed.push({ ...place, listing: readings, mapping, chosen, partOf, drawing, masks, boxes, leftOut });
  }
  remarks.push(...leftMasks.remarks());
  refuseSharedImages(listed, manifest.complain);
  refuseUnknownClasses(manifest, listed);

  const made: (EntryLists & { readonly item: ListedEntry })[] = [];
  for (const place of listed) {
    const item = await withMasksRead(place, classes, (path, reason) => {
      throw manifest.complain([...place.path, ...path], reason);
    });
    const ofItem = sampleLists(item, manifest, (remark) => remarks.push(remark));
    if (item.masks !== undefined) {
      const unseen = unseenRemark(item, ofItem.lists, classes, fit === "crop");
      const left = manifest.exhaustive ? backgroundRemark(item, ofItem.lists) : undefined;
      remarks.push(...[unseen, left].filter((remark) => remark !== undefined));
    }
    made.push({ item, ...ofItem });
  }
  const lists = withSharedPatients(
    made.flatMap((each) => each.lists),
    datasetsOf(manifest),
  );
  const isTraining = classes.some(manifest.learns);
  if (isTraining && !lists.some(({ part }) => part === "train")) {
    throw manifest.complain(["sources"], "leave no image to train on: every split sets all of them apart");
  }
  refuseUntaughtClasses(manifest, lists, made);
  if (isTraining && !untested && !lists.some(({ part }) => part === "test")) {
    const names = sources.map(({ name }) => `"${name}"`).join(", ");
    const verb = sources.length === 1 ? "has" : "have";
    throw manifest.complain(
      ["test"],
      `is missing: name images to test on, or give a source a split with a test part (${names} ${verb} none)`,
    );
  }
  return {
    classes,
    ...relationsOf({ ...manifest, exclusive: exclusiveGroups(manifest) }),
    image,
    lists,
    skipped: [...skipped.values()],
    remarks,
  };
}

/** Refuses records whose image or mask is a file that a link leads to out of the data root. */
function refuseLinks(records: readonly ListedRecord[], links: Links | undefined): void {
  if (links === undefined) return;
  for (const { image, mask } of records) {
    if (mask?.kind === "file") links.refuse(mask.file);
    else if (image.kind === "file") links.refuse(image.file);
  }
}

/** Names, for each list, the first one of its part whose patients it shares. */
function withSharedPatients(
  lists: readonly SampleList[],
  datasets: ReadonlyMap<string, string>,
): SampleList[] {
  return lists.map((list) => {
    const dataset = datasets.get(list.source);
    const first = lists.find(({ source, part }) => part === list.part && datasets.get(source) === dataset);
    return first === undefined || first.source === list.source ? list : { ...list, patientsOf: first.source };
  });
}

/** The samples of an entry, by part; a part without any is left out. */
function sampleLists(
  item: ListedEntry,
  { classes, parents }: Pick<DataManifest, "classes" | "parents">,
  remark: (remark: Remark) => void,
): EntryLists {
  const { entry, listing, mapping, chosen, partOf, drawing } = item;
  const combined = combineLabels(listing.rawLabels, mapping);
  const states = settle(combined, classes, mapping, entry);
  if (parents !== undefined) {
    const told = combineLabels(listing.rawLabels, { ...mapping, known: classes.map(() => true) });
    const found = followTree(states, combined, listing.unlisted === true, mapping, parents, told);
    const taken = new Set(chosen.filter((index) => partOf[index] !== undefined));
    const wrong = found.filter(({ row }) => taken.has(row));
    const contradicted = treeRemark(entry.name, wrong, classes, (row) => listing.records[row].id);
    if (contradicted !== undefined) remark(contradicted);
  }
  const width = classes.length;
  const labelled = new Uint32Array(width);
  const limits = { images: drawing.limit, positives: positiveLimits(entry.limitPerClass, classes) };
  const lists = parts.flatMap((part): SampleList[] => {
    const indices = chosen.filter((index) => partOf[index] === part);
    if (part === "train") countLabels(indices, states, labelled);
    const kept =
      part === drawing.part ? keepWithin(indices, states, limits, drawing.seed, entry.name) : indices;
    if (kept.length === 0) return [];
    const uncertain = new Uint32Array(width);
    const rows = new Uint8Array(kept.length * width);
    for (const [i, index] of kept.entries()) {
      rows.set(states.subarray(index * width, (index + 1) * width), i * width);
      for (let k = 0; k < width; k++) {
        if (mapping.known[k] && combined[index * width + k] === rawLabel.uncertain) uncertain[k]++;
      }
    }
    const samples = kept.map((index): Sample => {
      const { id, image, patient } = listing.records[index];
      return { id, image, ...(patient === undefined ? {} : { patient }) };
    });
    const masks = item.masks && { masks: mapsOf(item.masks, kept, listing, mapping) };
    const boxes = item.boxes && { boxes: kept.map((index) => item.boxes?.get(index) ?? []) };
    return [{ source: entry.name, part, samples, states: rows, uncertain, ...masks, ...boxes }];
  });
  return { lists, labelled };
}

interface EntryLists {
  readonly lists: readonly SampleList[];
  /** [K] The number of training images with a label, before any limit. */
  readonly labelled: Uint32Array;
}
