// IDX files (MNIST's format) as a dataset: images in one file, and in another their labels, as a list or as a column of several.
import { basename } from "node:path";
import { z } from "zod";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { names, wholeNumber } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { readText } from "../../files/bytes.ts";
import { brief } from "../../files/csv.ts";
import { describeIdx, readIdx } from "../../files/idx-array.ts";
import { elementReader, elementWords } from "../../files/number-array.ts";
import type { NumberArray } from "../../files/number-array.ts";
import type { ListContext, ListedRecord, Listing, PixelArray } from "../catalogue/listing.ts";
import { mostLabels } from "../catalogue/listing.ts";
import { toPixelArrays } from "./array-images.ts";
import type { ArrayReading, RemarkFor } from "./array-images.ts";
import { classNumber, labelsOfNumbers } from "./label-numbers.ts";
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

/** QMNIST's rows: digit, series, writer, digit of the writer, NIST's class, index in NIST, duplicate, unused. */
const qmnist = { type: "i4", columns: 8, label: 1 } as const;

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
export async function readIdxImages(
  file: string,
  reading: ArrayReading = {},
): Promise<{ readonly array: PixelArray; readonly remarks: readonly RemarkFor[] }> {
  const array = await readIdx(file);
  if (array.shape.length < 3) {
    throw new DataError(
      file,
      `holds ${describeIdx(array)}, which are no images` + (array.shape.length === 1 ? " but labels" : ""),
    );
  }
  const fail = (reason: string, options?: { record?: number }): DataError =>
    new DataError(file, reason, options);
  const { arrays, remarks } = toPixelArrays([{ array, file, fail }], reading);
  return { array: arrays[0], remarks };
}

/** Labels as they lie in a file: a number an image, or a row of them. @throws DataError when the file holds images */
export async function readIdxLabels(file: string): Promise<NumberArray> {
  const array = await readIdx(file);
  if (array.shape.length > 2) {
    throw new DataError(
      file,
      `holds ${describeIdx(array)}; labels are a number for each image, or a row of them`,
    );
  }
  return array;
}

function checkPair(images: PixelArray, imagesFile: string, labels: NumberArray, labelsFile: string): void {
  const [count] = labels.shape;
  if (count === images.count) return;
  throw new DataError(
    labelsFile,
    `holds ${count} labels (IDX labels of ${elementWords(labels.type)}) for the ${images.count} images of ${imagesFile}`,
  );
}

/** The class number of each image. */
function labelNumbers(
  file: string,
  rows: NumberArray,
  labelColumn: number | undefined,
  { entry, remark }: Pick<ListContext, "entry" | "remark">,
): Uint16Array {
  const [count, columns = 1] = rows.shape;
  let column = labelColumn;
  if (column === undefined && columns > 1) {
    if (rows.type !== qmnist.type || columns !== qmnist.columns) {
      throw new ManifestError(
        entry,
        "labelColumn",
        `is missing: ${file} has ${columns} numbers an image; say which of them is the label, such as labelColumn: 1`,
      );
    }
    column = qmnist.label;
    remark({
      kind: "guess",
      sentence:
        `"${entry}" takes the first of the eight numbers of each row of ${file} for the label, as in QMNIST; ` +
        "labelColumn: 1 says so, and patientColumn: 3 that the writer is the patient.",
      cases: [{ name: file, count }],
    });
  }
  checkColumn("labelColumn", column, file, columns, entry);
  const element = elementReader(rows);
  const first = (column ?? 1) - 1;
  const fault = (reason: string, record: number): DataError =>
    new DataError(file, `${reason} (IDX labels of ${elementWords(rows.type)})`, { record });
  return Uint16Array.from({ length: count }, (_, record) =>
    classNumber(element(record * columns + first), record, fault),
  );
}

/** Whose image it is, where a column says it. */
function patientReader(
  file: string,
  rows: NumberArray,
  column: number | undefined,
  { entry }: Pick<ListContext, "entry">,
): ((at: number) => string) | undefined {
  if (column === undefined) return undefined;
  const [, columns = 1] = rows.shape;
  checkColumn("patientColumn", column, file, columns, entry);
  const element = elementReader(rows);
  return (at) => String(element(at * columns + column - 1));
}

function checkColumn(
  field: string,
  column: number | undefined,
  file: string,
  columns: number,
  entry: string,
): void {
  if (column === undefined || column <= columns) return;
  const has = columns === 1 ? "one number" : `${columns} numbers`;
  throw new ManifestError(entry, field, `is ${column}, but ${file} has ${has} an image`);
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
