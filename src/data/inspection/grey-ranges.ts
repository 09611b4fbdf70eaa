// Images that hold next to nothing: blank ones, and sources whose images use a sliver of the range, mostly since their files
// hold fewer bits than they claim. Looks at the pixels that training will see, after they were read and fitted.
import { aNumber, expectArgument } from "../../errors/arguments.ts";
import type { ImageSet } from "../assembly/assembly.ts";
import { ArrayPixels, PixelsOnDemand } from "../cache/pixel-rows.ts";
import { aCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import type { Remark } from "../catalogue/remarks.ts";
import type { FittedSize } from "../images/image.ts";

/** Images of a source whose pixels are counted by level, spread evenly: more would tell nothing new. */
const mostCounted = 500;
/** Images that are read from disk at a time. */
const together = 64;

/** This share of the pixels at either end may be letters, markers or noise. */
const leftOut = 0.001;
/** A source is narrow whose other pixels lie within so many of the 256 levels, an eighth of them, */
const fewLevels = 32;
/** or of which no pixel at all is brighter than a quarter: the two highest bits are unused. */
const darkest = 63;

/** What decoding gives, as far as it is looked at. */
export interface DecodedPixels {
  readonly sets: readonly ImageSet[];
  /** For each set: the index of each of its images in the list of samples. */
  readonly kept: readonly Uint32Array[];
}

/**
 * Remarks on blank images and on narrow sources.
 *
 * @param most images of a list on disk that are looked at, spread evenly; those in memory are all looked at
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function pixelRemarks(
  catalogue: Catalogue,
  decoded: DecodedPixels,
  most = Infinity,
): Promise<Remark[]> {
  expectArgument("pixelRemarks", "the catalogue", catalogue, aCatalogue);
  expectArgument("pixelRemarks", "the most images", most, aNumber);
  const looks = new Map<string, Look>();
  for (const [i, { source, samples }] of catalogue.lists.entries()) {
    const look = looks.get(source) ?? new Look(samples.some(({ image }) => image.kind === "file"));
    looks.set(source, look);
    const set = decoded.sets[i];
    const looked =
      set.pixels instanceof PixelsOnDemand ? spread(set.count, most) : spread(set.count, Infinity);
    const counted = new Set(spread(set.count, mostCounted));
    for await (const { row, pixels } of imagesOf(set, looked)) {
      look.take(withoutPadding(pixels, catalogue.image), samples[decoded.kept[i][row]].id, counted.has(row));
    }
    look.all += set.count;
  }
  return [...looks].flatMap(([source, look]) => look.remarks(source));
}

/** Up to `most` of so many rows, spread evenly. */
function spread(count: number, most: number): Uint32Array {
  const rows = Math.min(count, most);
  return Uint32Array.from({ length: rows }, (_, i) => Math.floor((i * count) / rows));
}

async function* imagesOf(
  { pixels, height, width, channels }: ImageSet,
  rows: Uint32Array,
): AsyncGenerator<{ readonly row: number; readonly pixels: Uint8Array }> {
  const each = height * width * channels;
  if (!(pixels instanceof PixelsOnDemand)) {
    for (const row of rows) {
      const own =
        pixels instanceof ArrayPixels ? pixels.at(row) : pixels.subarray(row * each, (row + 1) * each);
      yield { row, pixels: own };
    }
    return;
  }
  for (let first = 0; first < rows.length; first += together) {
    const some = rows.slice(first, first + together);
    const read = await pixels.read(some);
    for (const [i, row] of some.entries()) yield { row, pixels: read.subarray(i * each, (i + 1) * each) };
  }
  await pixels.close();
}

/** The images of one source as they are looked at. */
class Look {
  all = 0;
  readonly #ofFiles: boolean;
  #looked = 0;
  readonly #blank: string[] = [];
  /** Of the images that are counted and not blank. */
  #images = 0;
  readonly #counts = new Float64Array(256);

  constructor(ofFiles: boolean) {
    this.#ofFiles = ofFiles;
  }

  take(pixels: Uint8Array, id: string, counted: boolean): void {
    this.#looked++;
    const [first] = pixels;
    if (pixels.every((level) => level === first)) {
      this.#blank.push(id);
      return;
    }
    if (!counted) return;
    this.#images++;
    for (const level of pixels) this.#counts[level]++;
  }

  remarks(source: string): Remark[] {
    return [...this.#ofBlank(source), ...this.#ofRange(source)];
  }

  #ofBlank(source: string): Remark[] {
    const [first, ...others] = this.#blank;
    if (first === undefined) return [];
    const some = this.#looked === this.all ? "" : " that were looked at";
    const what = others.length === 0 ? "is blank: one level" : "are blank: one level each,";
    // An image of 12 bits that is dark as well may have nothing left after it was read as one of 16.
    const remedy =
      others.length + 1 > this.#looked / 2 && this.#ofFiles
        ? "; if its files hold fewer bits than they claim, say how many with bits, or which numbers with window"
        : "";
    return [
      {
        kind: "blank-images",
        source,
        sentence:
          `"${source}": ${number(others.length + 1)} of ${number(this.#looked)} images${some} ${what} everywhere, ` +
          `such as ${first}${remedy}.`,
        cases: this.#blank.map((name) => ({ name, count: 1 })),
      },
    ];
  }

  #ofRange(source: string): Remark[] {
    const pixels = this.#counts.reduce((sum, count) => sum + count, 0);
    if (pixels === 0) return [];
    let [low, high] = [0, 255];
    for (let below = this.#counts[low]; below <= leftOut * pixels; below += this.#counts[low]) low++;
    for (let above = this.#counts[high]; above <= leftOut * pixels; above += this.#counts[high]) high--;
    const brightest = this.#counts.findLastIndex((count) => count > 0);
    if (high - low >= fewLevels && brightest > darkest) return [];
    const remedy = this.#ofFiles
      ? "if its files hold fewer bits than they claim, say how many with bits (such as bits: 12), or which of their numbers " +
        "are black and white with window: [low, high]"
      : "scale them to 0 to 255 before";
    return [
      {
        kind: "narrow-range",
        source,
        sentence:
          `"${source}": its images use a sliver of the range, the levels ${low} to ${high} of 255 in ` +
          `${this.#images === 1 ? "the one" : `the ${number(this.#images)}`} looked at; ${remedy}.`,
        cases: [{ name: `levels ${low} to ${high}`, count: this.#images }],
      },
    ];
  }
}

const number = (value: number): string => value.toLocaleString("en");

/** The part of an image that padding surrounds: without the black rows above and below it, or the black columns beside it. */
function withoutPadding(pixels: Uint8Array, { height, width, channels, fit }: FittedSize): Uint8Array {
  if (fit !== "pad") return pixels;
  const isBlack = (row: number, column: number): boolean => {
    const at = (row * width + column) * channels;
    return pixels.subarray(at, at + channels).every((level) => level === 0);
  };
  const [top, bottom] = middleOf(height, (row) => indices(width).every((column) => isBlack(row, column)));
  const [left, right] =
    bottom - top < height
      ? [0, width]
      : middleOf(width, (column) => indices(height).every((row) => isBlack(row, column)));
  const inner = new Uint8Array((bottom - top) * (right - left) * channels);
  for (let row = top, to = 0; row < bottom; row++, to += (right - left) * channels) {
    inner.set(pixels.subarray((row * width + left) * channels, (row * width + right) * channels), to);
  }
  return inner;
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Where the lines begin and end that are left without black ones on both sides: as many on either, or one more at the end. */
function middleOf(lines: number, black: (line: number) => boolean): readonly [start: number, end: number] {
  let start = 0;
  while (2 * start + 2 < lines && black(start) && black(lines - 1 - start)) start++;
  const end = lines - start;
  return [start, end - start > 1 && black(end - 1) ? end - 1 : end];
}
