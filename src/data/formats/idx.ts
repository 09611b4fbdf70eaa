// Reads IDX files (MNIST's format), gzip'd or plain, trusting no length in them before it is checked.
import { DataError } from "../../errors/data-errors.ts";
import { names, path } from "../manifest/fields.ts";
import { readBytes } from "../../files/bytes.ts";
import { checkListing } from "../../files/limits.ts";
import type { Listing, PixelArray } from "../catalogue/listing.ts";
import { numberedNames, oneClassEach } from "./class-labels.ts";
import type { Format } from "./format.ts";

/** Greyscale images of one size. */
export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** [count, height, width], 0..255. */
  readonly pixels: Uint8Array;
}

/** Magic number: two zero bytes, the element type (8 = u8), the number of dimensions. */
const imagesMagic = 2051;
const labelsMagic = 2049;

const fields = {
  /** The image file below the data root; gzip is recognised by its content. */
  images: path,
  /** The label file below the data root: one byte an image. */
  labels: path,
  /** What label byte 0, 1, 2, ... is called; without it, by its number: "0", "1", "2", ... */
  labelNames: names.optional(),
};

/** Digits and the like in IDX files, as MNIST and its relatives come. */
export const idx: Format<typeof fields> = {
  fields,
  exhaustive: true,
  patients: "entry",
  list: async (entry, context): Promise<Listing> => {
    const { locate, once, wanted } = context;
    const [imagesFile, labelsFile] = [await locate(entry.images), await locate(entry.labels)];
    const { array, labels } = await once(JSON.stringify(["idx", imagesFile, labelsFile]), async () => {
      const { labels, ...images } = await readIdxPair(imagesFile, labelsFile);
      const array: PixelArray = { file: imagesFile, channels: 1, ...images };
      return { array, labels };
    });
    const labelNames = entry.labelNames ?? numberedNames(labels, 255, { wanted });
    const record = labels.findIndex((label) => label >= labelNames.length);
    if (record !== -1) {
      throw new DataError(
        labelsFile,
        `has label ${labels[record]}, but labelNames has ${labelNames.length} names`,
        { record },
      );
    }
    checkListing(labelsFile, array.count, labelNames.length);
    return {
      ...oneClassEach(labels, labelNames, context),
      records: Array.from({ length: array.count }, (_, at) => ({
        id: String(at),
        image: { kind: "array", array, at },
      })),
    };
  },
};

/** @throws DataError naming the file, what was expected, and what was found */
export async function readIdxImages(file: string): Promise<IdxImages> {
  const { dimensions, content } = await readIdx(file, imagesMagic);
  const [count = 0, height = 0, width = 0] = dimensions;
  return { count, height, width, pixels: content };
}

/** One label byte a record. @throws DataError naming the file, what was expected, and what was found */
export async function readIdxLabels(file: string): Promise<Uint8Array> {
  return (await readIdx(file, labelsMagic)).content;
}

/** Images and their labels. @throws DataError as the two readers, and when the counts differ */
export async function readIdxPair(
  imagesFile: string,
  labelsFile: string,
): Promise<IdxImages & { readonly labels: Uint8Array }> {
  const images = await readIdxImages(imagesFile);
  const labels = await readIdxLabels(labelsFile);
  if (labels.length !== images.count) {
    throw new DataError(
      labelsFile,
      `holds ${labels.length} labels for the ${images.count} images of ${imagesFile}`,
    );
  }
  return { ...images, labels };
}

/** What an IDX file holds: its dimensions, and one byte an element. */
interface IdxContent {
  readonly dimensions: readonly number[];
  readonly content: Uint8Array;
}

async function readIdx(file: string, magic: number): Promise<IdxContent> {
  const bytes = await readBytes(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4) checkMagic(file, view.getUint32(0), magic);
  const rank = magic & 0xff;
  const headerLength = 4 + 4 * rank;
  if (bytes.length < headerLength) {
    throw new DataError(
      file,
      `ends after ${bytes.length} bytes; its header alone should have ${headerLength}`,
    );
  }
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const promised = dimensions.reduce((product, dimension) => product * dimension, 1);
  if (promised === 0) throw new DataError(file, `is empty: its header says ${describe(dimensions)}`);
  const content = bytes.subarray(headerLength);
  if (content.length !== promised) {
    throw new DataError(
      file,
      `holds ${content.length} bytes where its header promises ${promised} (${describe(dimensions)})`,
    );
  }
  return { dimensions, content };
}

function checkMagic(file: string, found: number, expected: number): void {
  if (found === expected) return;
  const kind = new Map([
    [imagesMagic, "an IDX image file"],
    [labelsMagic, "an IDX label file"],
  ]);
  const is = kind.get(found);
  throw new DataError(
    file,
    `should start with the magic number ${expected} of ${kind.get(expected)}, but starts with ${found}` +
      (is === undefined ? "" : `, that of ${is}`),
  );
}

function describe(dimensions: readonly number[]): string {
  const [count, ...size] = dimensions;
  return size.length === 0 ? `${count} labels` : `${count} images of ${size.join(" x ")}`;
}
