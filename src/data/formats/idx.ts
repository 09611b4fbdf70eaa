// IDX files (MNIST's format) as a dataset: images in one file, and in another their labels, as a list or as a column of several.
import { basename } from "node:path";
import { z } from "zod";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { names, wholeNumber } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { readText } from "../../files/bytes.ts";
import { brief } from "../../files/csv.ts";
import type { NumberArray } from "../../files/number-array.ts";
import { readIdx } from "../../files/read-idx.ts";
import type { ListContext, ListedRecord, Listing, PixelArray } from "../catalogue/listing.ts";
import { mostLabels } from "../catalogue/listing.ts";
import type { ArrayReading } from "./array-images.ts";
import { checkPair, idxImages, idxLabels, labelNumbers, patientReader, type ReadImages } from "./idx-pair.ts";
import { labelsOfNumbers } from "./label-numbers.ts";
import type { Format } from "./format.ts";

const fields = {
  /** The image file below the data root; gzip is recognised by its content. Grey or colour, of bytes or with a `window`. */
  images: path,
  /** The label file below the data root: a number for each image, or a row of numbers. Integers of any size. */
  labels: path,
  /** Which number of a row is the label, counted from 1. In QMNIST's files the 1st is the digit. */
  labelColumn: wholeNumber.optional(),
  /** Which number of a row says who the patient is (the writer), counted from 1. In QMNIST's files the 3rd. */
  patientColumn: wholeNumber.optional(),
  /** What label 0, 1, 2, ... is called; without it, by its number: "0", "1", "2", ... */
  labelNames: names.optional(),
  /**
   * In place of labelNames, the text file that comes with EMNIST (`emnist-letters-mapping.txt`): a line for each label, with its
   * number and the code of its character. Where a line has two codes (`1 65 97`), the first names the label.
   */
  characters: path.optional(),
  /** Whether rows and columns of each image change places: EMNIST's images lie on their side. */
  transpose: z.boolean().optional(),
};

/** Digits and the like in IDX files, as MNIST and its relatives come. */
export const idx: Format<typeof fields> = {
  fields,
  exhaustive: true,
  arrayWindow: true,
  patients: "entry",
  list: async (entry, context): Promise<Listing> => {
    const { locate, once } = context;
    if (entry.characters !== undefined && entry.labelNames !== undefined) {
      throw new ManifestError(
        context.entry,
        "characters",
        "says the same as labelNames: give one of the two",
      );
    }
    const [imagesFile, labelsFile] = [await locate(entry.images), await locate(entry.labels)];
    const { window } = context;
    const { transpose } = entry;
    const key = JSON.stringify(["idx images", imagesFile, window, transpose]);
    const { array, remarks } = await once(key, () => readIdxImages(imagesFile, { window, transpose }));
    const rows = await once(JSON.stringify(["idx labels", labelsFile]), () => readIdxLabels(labelsFile));
    checkPair(array, imagesFile, rows, labelsFile);
    for (const remark of remarks) context.remark(remark(context.entry));
    remarkSideways(imagesFile, array, entry, context);

    const fault = (reason: string, record: number): DataError =>
      new DataError(labelsFile, reason, { record });
    const numbers = labelNumbers(labelsFile, rows, entry.labelColumn, context);
    const characters = entry.characters === undefined ? undefined : await locate(entry.characters);
    const labelNames =
      characters === undefined
        ? entry.labelNames
        : await once(JSON.stringify(["idx characters", characters]), () => readCharacters(characters));
    const field = characters ?? "labelNames";
    const labels = labelsOfNumbers(numbers, { file: labelsFile, fault, names: labelNames, field }, context);
    const patientOf = patientReader(labelsFile, rows, entry.patientColumn, context);
    const records = Array.from({ length: array.count }, (_, at): ListedRecord => {
      const record = { id: String(at), image: { kind: "array", array, at } } as const;
      return patientOf === undefined ? record : { ...record, patient: patientOf(at) };
    });
    return { ...labels, records };
  },
};

/** The images of a file. @throws DataError naming the file, what was expected, and what was found */
export async function readIdxImages(file: string, reading: ArrayReading = {}): Promise<ReadImages> {
  return idxImages(file, await readIdx(file), reading);
}

/** Labels as they lie in a file. @throws DataError when the file holds images */
export async function readIdxLabels(file: string): Promise<NumberArray> {
  return idxLabels(file, await readIdx(file));
}

/** Names of labels by number; those of numbers that the file leaves out are the numbers. */
async function readCharacters(file: string): Promise<string[]> {
  const text = await readText(file, { most: 2 ** 20 });
  const characters = new Map<number, string>();
  let record = 0;
  for (const [i, line] of text.split(/\r\n|\n|\r/u).entries()) {
    if (line.trim() === "") continue;
    const fault = (reason: string): DataError => new DataError(file, `line ${i + 1}: ${reason}`, { record });
    const words = line.trim().split(/\s+/u);
    const [number, code] = words.map(Number);
    if (words.length < 2 || words.length > 3 || !words.every((word) => /^\d{1,6}$/u.test(word))) {
      throw fault(`is not a label number and the code of its character, such as "10 65": ${brief(line)}`);
    }
    if (number >= mostLabels)
      throw fault(`has label ${number}; labels are numbers from 0 to ${mostLabels - 1}`);
    const character = String.fromCodePoint(code);
    if (!/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character))
      throw fault(`has the code ${code}, which is no letter, digit or sign`);
    if (characters.has(number)) throw fault(`names label ${number} again`);
    characters.set(number, character);
    record++;
  }
  if (characters.size === 0) throw new DataError(file, "is empty; it should have a line for each label");
  return Array.from(
    { length: Math.max(...characters.keys()) + 1 },
    (_, number) => characters.get(number) ?? `label ${number}`,
  );
}

/** EMNIST's images are stored with rows and columns changed, which nothing in the file says. */
function remarkSideways(
  file: string,
  { count }: PixelArray,
  { transpose }: { readonly transpose?: boolean | undefined },
  { entry, remark }: Pick<ListContext, "entry" | "remark">,
): void {
  if (transpose !== undefined || !/^emnist-/iu.test(basename(file))) return;
  remark({
    kind: "guess",
    sentence:
      `"${entry}" takes the images of ${file} as they lie, but those of EMNIST are stored on their side: ` +
      "transpose: true puts them upright, and transpose: false says that this file's are.",
    cases: [{ name: file, count }],
  });
}
