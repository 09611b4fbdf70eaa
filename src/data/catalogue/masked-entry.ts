// The labels of an entry that are in masks: what the numbers mean, which masks are read, and what they say of their images.
import { DataError } from "../../errors/data-errors.ts";
import { mostArrayBytes } from "../../files/limits.ts";
import { visible } from "../../labels/wording.ts";
import { ignored } from "../../labels/label-map.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { inLanes } from "../cache/lanes.ts";
import type { FittedSize } from "../images/image.ts";
import type { Entry } from "../manifest/entry-schema.ts";
import { insideOf } from "../manifest/mask-checks.ts";
import { meaningsOf, numbersOf } from "../manifest/mask-fields.ts";
import { meaningsBy } from "../masks/meaning.ts";
import { colourName } from "../masks/mask-numbers.ts";
import { fileOf, readRecordMask, type MaskReading, type ReadMask } from "../masks/read-record.ts";
import type { ListContext, ListedRecord, Listing } from "./listing.ts";
import type { ClassMapping, Refuse } from "./mapping.ts";
import type { PlacedMasks } from "./mask-places.ts";
import { counted } from "../../errors/counted.ts";

/** Masks that are read at a time. */
const lanes = 4;
/** Where numbers mean nothing, so many masks are looked at to say how often. */
const lookedAt = 200;
/** Different numbers that a message names; more are seldom meant. */
const shownNumbers = 6;

/** The labels that masks have, by number; undefined where a mask is inside of one thing. */
type LabelsByNumber = ReadonlyMap<number, number> | undefined;

export interface MaskedListing {
  /** With the labels of the masks, all negative until a mask is read; or those of the words that the masks are inside of. */
  readonly listing: Listing;
  readonly labels: LabelsByNumber;
}

/** A listing whose labels are those of its masks. */
export function maskedListing(listing: Listing, entry: Entry, refuse: Refuse): MaskedListing {
  const meanings = meaningsOf(entry);
  if (meanings === undefined && insideOf(entry) !== undefined) {
    return { listing: { ...listing, rawLabels: listing.rawLabels.slice() }, labels: undefined };
  }
  const named = meanings ?? listing.maskLabels;
  if (named === undefined) return refuse([], "does not say what its masks mean: write values: {1: ...}");
  const labelNames = [...new Set(named.values())];
  const rawLabels = new Uint8Array(listing.records.length * labelNames.length).fill(rawLabel.negative);
  const { records } = listing;
  return {
    listing: { labelNames, records, rawLabels },
    labels: new Map([...named].map(([number, name]) => [number, labelNames.indexOf(name)])),
  };
}

/** The masks of an entry while it is listed. */
export interface EntryMasks {
  /**
   * Reads masks that were not read, and sets the raw labels of their images in the listing.
   * @returns those of `indices` whose masks were read; the others were told to `bad`
   */
  readonly read: (indices: readonly number[]) => Promise<number[]>;
  /** What the mask of a record says; it is held no longer, since a list has a copy of its map. */
  readonly take: (index: number) => ReadMask;
  /** Reads the mask of a record again, as a label map at the image's own size. */
  readonly whole: (index: number, own: OwnSize) => Promise<Uint8Array>;
  /** The size that maps are brought to. */
  readonly size: FittedSize;
}

/** An image's own size, upright. */
export type OwnSize = Pick<FittedSize, "height" | "width">;

/** What an entry's masks are read by. */
export interface MaskedEntry {
  readonly entry: Entry;
  /** Its raw labels are set as masks are read. */
  readonly listing: Listing;
  readonly labels: LabelsByNumber;
  readonly mapping: ClassMapping;
  readonly size: FittedSize;
  readonly whyNone: PlacedMasks["whyNone"];
}

/** @param onRead told after each mask */
export function entryMasks(
  { entry, listing, labels, mapping, size, whyNone }: MaskedEntry,
  context: Pick<ListContext, "bad">,
  refuse: Refuse,
  onRead: (done: number, total: number) => void,
): EntryMasks {
  const { records, labelNames, rawLabels } = listing;
  const { colours, ignore, background } = entry;
  if (!mapping.known.includes(true)) {
    refuse([], "knows none of the classes: none of its masks can teach or test anything");
  }
  const reading: MaskReading = {
    meanings: meaningsBy(labels, numbersOf(ignore), numbersOf(background)),
    colours: colours !== undefined,
    classOf: mapping.columns.map((k) => (k >= 0 && mapping.known[k] ? k : -1)),
    size,
  };
  const width = labelNames.length;
  const labelsAt = (index: number): Uint8Array => rawLabels.subarray(index * width, (index + 1) * width);
  const done = new Map<number, ReadMask>();
  const bad = new Set<number>();

  const readOne = async (index: number, into = size): Promise<ReadMask> => {
    const record = records[index];
    const { mask } = record;
    if (mask === undefined) throw new DataError(imageName(record), whyNone);
    const inside = labels === undefined ? insideLabel(labelsAt(index), record, listing, entry) : undefined;
    return await readRecordMask({ ...record, mask, inside }, { ...reading, size: into });
  };
  const read = async (indices: readonly number[]): Promise<number[]> => {
    const fresh = indices.filter((index) => !done.has(index) && !bad.has(index));
    refuseTooMany(done.size + fresh.length, size, refuse);
    const strange = new Strangers();
    let finished = 0;
    const faults = new Map<number, DataError>();
    await inLanes(
      lanes,
      fresh,
      async (index) => {
        try {
          const mask = await readOne(index);
          if (labels === undefined && mask.isEmpty) {
            const label = insideLabel(labelsAt(index), records[index], listing, entry);
            if (label !== undefined && reading.classOf[label] >= 0) {
              throw nothingInside(records[index], labelNames[label], entry);
            }
          }
          settleLabels(labelsAt(index), mask, labels !== undefined);
          done.set(index, mask);
          strange.add(mask, records[index]);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          faults.set(index, error);
        }
        onRead(++finished, fresh.length);
      },
      () => strange.found && finished >= lookedAt,
    );
    // In the order of the images, whichever was read first.
    for (const [index, error] of [...faults].sort(([a], [b]) => a - b)) {
      bad.add(index);
      labelsAt(index).fill(rawLabel.unknown);
      context.bad(error);
    }
    if (strange.found) refuse([colours === undefined ? "values" : "colours"], strange.reason(entry));
    return indices.filter((index) => !bad.has(index));
  };
  const take = (index: number): ReadMask => {
    const mask = done.get(index);
    if (mask === undefined) throw new Error(`the mask of record ${index} was not read, or taken before`);
    done.delete(index);
    return mask;
  };
  const whole = async (index: number, { height, width }: OwnSize): Promise<Uint8Array> =>
    (await readOne(index, { height, width, channels: size.channels })).map;
  return { read, take, whole, size };
}

const imageName = ({ id, image }: ListedRecord): string => (image.kind === "file" ? image.file : id);

/** The one label that an image's mask is inside of; undefined where nobody says which. */
function insideLabel(
  raw: Uint8Array,
  record: ListedRecord,
  { labelNames }: Listing,
  entry: Entry,
): number | undefined {
  const found = [...raw.keys()].filter((label) => raw[label] === rawLabel.positive);
  if (found.length > 1) {
    const words = found.map((label) => visible(labelNames[label])).join(" and ");
    throw new DataError(
      imageName(record),
      `has ${words} in column ${insideOf(entry) ?? ""} and one mask: nobody knows which of them it outlines`,
    );
  }
  return found.at(0);
}

/** What a mask says of its image as a whole. */
function settleLabels(raw: Uint8Array, { map, pixels, ignored: count }: ReadMask, byNumber: boolean): void {
  // Where nothing labelled is left in the map, no pixel could be judged, whatever the mask shows at its own size.
  if (map.every((label) => label === ignored)) {
    raw.fill(rawLabel.unknown);
    return;
  }
  if (byNumber) {
    for (const label of raw.keys()) raw[label] = pixels.has(label) ? rawLabel.positive : rawLabel.negative;
    return;
  }
  // What the word says is outlined where nothing of it is seen.
  if (pixels.size > 0 || count > 0) return;
  for (const [label, said] of raw.entries()) if (said === rawLabel.positive) raw[label] = rawLabel.negative;
}

/**
 * A word for a class says that there is something, and an empty mask that there is nothing. Other words may mean just that; and without
 * any, nobody says what there is none of.
 */
function nothingInside(record: ListedRecord, word: string, entry: Entry): DataError {
  return new DataError(
    record.mask === undefined ? imageName(record) : fileOf(record.mask),
    `outlines nothing, and column ${insideOf(entry) ?? ""} has ${visible(word)} for its image ${JSON.stringify(record.id)}: ` +
      "draw the outline, or empty the cell",
  );
}

function refuseTooMany(count: number, { height, width }: FittedSize, refuse: Refuse): void {
  const bytes = count * height * width;
  if (bytes <= mostArrayBytes) return;
  refuse(
    [],
    `has ${counted(count, "mask")}, which take ${(bytes / 2 ** 30).toFixed(1)} GiB at ${height} x ${width}, and at most 2 are held: ` +
      "lower the image size, or take fewer with limit",
  );
}

/** Numbers of masks that mean nothing. */
class Strangers {
  readonly #pixels = new Map<number, number>();
  readonly #masks = new Map<number, number>();
  #example = "";
  #total = 0;
  #read = 0;

  get found(): boolean {
    return this.#pixels.size > 0;
  }

  add({ unknown, area }: ReadMask, { mask }: ListedRecord): void {
    this.#total += area;
    this.#read++;
    for (const [number, count] of unknown) {
      if (this.#example === "" && mask !== undefined) this.#example = fileOf(mask);
      this.#pixels.set(number, (this.#pixels.get(number) ?? 0) + count);
      this.#masks.set(number, (this.#masks.get(number) ?? 0) + 1);
    }
  }

  reason({ colours }: Entry): string {
    const numbers = [...this.#pixels].sort(([, a], [, b]) => b - a).map(([number]) => number);
    const name = (number: number): string => (colours === undefined ? String(number) : colourName(number));
    const shown = numbers.slice(0, shownNumbers).map((number) => {
      const share = (100 * (this.#pixels.get(number) ?? 0)) / this.#total;
      return `${name(number)} (${share < 0.01 ? "under .01" : share.toFixed(2)} % of the pixels, in ${this.#masks.get(number) ?? 0} of ${this.#read} masks)`;
    });
    const more = numbers.length > shown.length ? ` and ${numbers.length - shown.length} more` : "";
    const one = colours === undefined ? name(numbers[0]) : JSON.stringify(name(numbers[0]));
    const what = colours === undefined ? "values" : "colours";
    const mixed =
      numbers.length > 2 * shownNumbers
        ? `; so many look as if masks had been resized or saved with losses: make them with whole ${what} only`
        : "";
    return (
      `leave out what masks hold: ${shown.join(", ")}${more}, the first in ${this.#example}; write ${what}: {${one}: CLASS}, or ` +
      `ignore: [${one}] for pixels without a label, or background: [${one}]${mixed}`
    );
  }
}
