// A pair of IDX arrays, images and their labels, whatever they were read from.
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { describeIdx } from "../../files/idx-array.ts";
import { elementReader, elementWords } from "../../files/number-array.ts";
import type { NumberArray } from "../../files/number-array.ts";
import type { ListContext, PixelArray } from "../catalogue/listing.ts";
import { toPixelArrays } from "./array-images.ts";
import type { ArrayReading, RemarkFor } from "./array-images.ts";
import { classNumber } from "./label-numbers.ts";

/** QMNIST's rows: digit, series, writer, digit of the writer, NIST's class, index in NIST, duplicate, unused. */
const qmnist = { type: "i4", columns: 8, label: 1 } as const;

/** Images, and what was guessed of them. */
export interface ReadImages {
  readonly array: PixelArray;
  readonly remarks: readonly RemarkFor[];
}

/** The images of an array. @throws DataError naming the file, what was expected, and what was found */
export function idxImages(file: string, array: NumberArray, reading: ArrayReading = {}): ReadImages {
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

/** Labels as they lie in an array: a number an image, or a row of them. @throws DataError when it holds images */
export function idxLabels(file: string, array: NumberArray): NumberArray {
  if (array.shape.length > 2) {
    throw new DataError(
      file,
      `holds ${describeIdx(array)}; labels are a number for each image, or a row of them`,
    );
  }
  return array;
}

/** @throws DataError when there are not as many labels as images */
export function checkPair(
  images: PixelArray,
  imagesFile: string,
  labels: NumberArray,
  labelsFile: string,
): void {
  const [count] = labels.shape;
  if (count === images.count) return;
  throw new DataError(
    labelsFile,
    `holds ${count} labels (IDX labels of ${elementWords(labels.type)}) for the ${images.count} images of ${imagesFile}`,
  );
}

/** The class number of each image. */
export function labelNumbers(
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
export function patientReader(
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
