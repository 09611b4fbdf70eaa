// From the rows of a table to records, an image each: rows of one image are joined, and a bad row takes its image with it,
// because what the other rows say of the image is not all that the table says.
import { DataError } from "../../errors/data-errors.ts";
import { brief, rowError } from "../../files/csv.ts";
import { whyOutside } from "../../files/path-text.ts";
import type { Table, TableFault, TableRow } from "../../files/csv.ts";
import { isSoft, targetOf } from "../../labels/states.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { isMissing } from "../../labels/wording.ts";
import { mostLabels } from "../catalogue/listing.ts";
import type { ListContext, ListedRecord, Listing, Part } from "../catalogue/listing.ts";
import type { RemarkCase } from "../catalogue/remarks.ts";
import type { ImageReading } from "../images/image.ts";
import { joinRows, repeatedPolicies } from "./repeated-rows.ts";
import type { Repeated, RowsEntry } from "./repeated-rows.ts";
import type { FindImage } from "./table-rows.ts";

/** The most bytes of all labels of all rows of a source: 256 MiB. */
const mostGiven = 2 ** 28;

type Cells = TableRow["cells"];

/** What a format reads in a row, of which it gets the cells and the place in the table. All but `image` may throw rowError. */
export interface RowReader {
  /** The name of its image file in the table; a word for "missing" is none. */
  readonly image: (cells: Cells, at: number) => string;
  /** The cells that such a name is made of, where it is not one cell. */
  readonly nameCells?: (cells: Cells) => readonly string[];
  /** A word for "missing" names no patient. */
  readonly patient?: (cells: Cells, at: number) => string | undefined;
  readonly part?: (cells: Cells, at: number) => Part | undefined;
  /** What the table says of the numbers in the image's file. */
  readonly reading?: (cells: Cells, at: number) => ImageReading | undefined;
  /** Sets the row's labels, which are blank at first. */
  readonly labels: (cells: Cells, at: number, labels: Uint8Array) => void;
}

/** An image while the rows are read. */
interface Image {
  readonly id: string;
  readonly file: string;
  /** Its first row. */
  readonly at: number;
  /** Its further rows. */
  others?: number[];
  patient?: string;
  part?: Part;
  reading?: ImageReading;
  /** The line of a row of it that is bad. */
  badLine?: number;
}
const rowsOf = ({ at, others = [] }: Image): readonly number[] => [at, ...others];

/**
 * Lists a table whose rows are about one image each: one row for each image, or several.
 *
 * A bad row is told to `context.bad`: one that `reader` refuses, that names no image, or another patient or part of an image
 * than a row before; rows of one image that say different things without a policy for that. Where it is not thrown there, all
 * rows of the image are left out. A row that could not even be parsed may be of any image whose name is among its pieces.
 *
 * @throws DataError for more labels than fit; for a bad row of nobody knows which image where rows are joined
 */
export function listRows(
  table: Table,
  labelNames: readonly string[],
  findImage: FindImage,
  reader: RowReader,
  { repeated }: RowsEntry,
  context: Pick<ListContext, "bad" | "remark" | "entry">,
): Listing {
  const width = labelNames.length;
  if (width > mostLabels || width * table.rows.length > mostGiven) {
    throw new DataError(
      table.file,
      `has ${width} labels of ${table.rows.length} images; that is too many to hold`,
    );
  }
  const labels = new Uint8Array(table.rows.length * width).fill(rawLabel.blank); // by row; by image in the end
  const labelsAt = (at: number): Uint8Array => labels.subarray(at * width, (at + 1) * width);
  const images = new Map<string, Image>();
  const badRows = new Set<number>();
  const nameless: TableFault[] = [];
  for (const [at, row] of table.rows.entries()) {
    let image: Image | undefined;
    try {
      image = imageOf(table, at, reader, findImage, images);
      if (row.fault !== undefined) throw row.fault;
      readFacts(table, at, reader, image);
      reader.labels(row.cells, at, labelsAt(at));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      context.bad(error);
      badRows.add(at);
      if (image === undefined) {
        nameless.push({ error, line: row.line, pieces: row.pieces ?? Object.values(row.cells) });
      } else image.badLine ??= row.line;
    }
  }
  const { nameCells } = reader;
  const madeOf = nameCells === undefined ? undefined : ({ at }: Image) => nameCells(table.rows[at].cells);
  for (const fault of [...table.faults, ...nameless]) {
    blame(fault, findImage, images, repeated, madeOf);
  }
  for (const image of images.values()) leaveOut(table, image, badRows, context);
  joinImages(table, labelNames, labelsAt, images, repeated, context);

  const records: ListedRecord[] = [];
  for (const image of images.values()) {
    // An image's first row is not before the images that came before it, so nothing is overwritten that is still needed.
    labels.copyWithin(records.length * width, image.at * width, (image.at + 1) * width);
    if (image.badLine !== undefined) labelsAt(records.length).fill(rawLabel.unknown);
    records.push(recordOf(table, image));
  }
  return { labelNames, records, rawLabels: labels.subarray(0, records.length * width) };
}

/** The image of a row, which is new or has other rows. */
function imageOf(
  table: Table,
  at: number,
  reader: RowReader,
  findImage: FindImage,
  images: Map<string, Image>,
): Image {
  const id = reader.image(table.rows[at].cells, at);
  if (isMissing(id)) throw table.rows[at].fault ?? rowError(table, at, "names no image");
  const file = findImage(id);
  if (file === undefined) {
    const why = whyOutside(id) ?? "names the folder itself";
    throw rowError(
      table,
      at,
      `the image ${brief(id)} does not lie below the folder of the images: it ${why}; write its path from there`,
    );
  }
  const known = images.get(file);
  if (known === undefined) {
    const image = { id, file, at };
    images.set(file, image);
    return image;
  }
  (known.others ??= []).push(at);
  return known;
}

/** Reads the patient and the part; rows of an image that name none have no say. */
function readFacts(table: Table, at: number, reader: RowReader, image: Image): void {
  const { cells } = table.rows[at];
  const named = reader.patient?.(cells, at);
  const patient = named === undefined || isMissing(named) ? undefined : named;
  const agree = <Fact extends string>(
    before: Fact | undefined,
    here: Fact | undefined,
    what: string,
  ): void => {
    if (here === undefined || before === undefined || here === before) return;
    const lines = linesOf(table, rowsOf(image).slice(0, -1));
    throw rowError(
      table,
      at,
      `the image ${brief(image.id)} is ${what} ${brief(here)} here and ${what} ${brief(before)} on ${lines}`,
    );
  };
  agree(image.patient, patient, "of patient");
  if (patient !== undefined) image.patient = patient;
  const part = reader.part?.(cells, at);
  agree(image.part, part, "in part");
  if (part !== undefined) image.part = part;
  const reading = reader.reading?.(cells, at);
  agree(bitsOf(image.reading), bitsOf(reading), "of bits");
  if (reading !== undefined) image.reading = reading;
}

function bitsOf(reading: ImageReading | undefined): string | undefined {
  return reading?.bits === undefined ? undefined : String(reading.bits);
}

/** Marks the images that a row may be about which nobody can read. */
function blame(
  fault: TableFault,
  findImage: FindImage,
  images: ReadonlyMap<string, Image>,
  repeated: Repeated | undefined,
  madeOf: ((image: Image) => readonly string[]) | undefined,
): void {
  const called = (name: string): Image | undefined => {
    const file = isMissing(name) ? undefined : findImage(name);
    return file === undefined ? undefined : images.get(file);
  };
  let found = false;
  for (const piece of fault.pieces) {
    // A path of another system, or out of the folder, may end in the name all the same.
    const image = called(piece) ?? called(/[^/\\]*$/u.exec(piece)?.[0] ?? "");
    if (image === undefined) continue;
    image.badLine ??= fault.line;
    found = true;
  }
  const pieces = new Set(fault.pieces);
  for (const image of madeOf === undefined ? [] : images.values()) {
    if (madeOf?.(image).every((cell) => pieces.has(cell)) !== true) continue;
    image.badLine ??= fault.line;
    found = true;
  }
  if (found || repeated === undefined || fault.pieces.every(isMissing)) return;
  throw fault.error.advising(
    `mend or remove it: --skip-bad cannot leave it out, since it names no image of another row, and under repeated: ${repeated} ` +
      "the rows that are left of its image would be taken for all",
  );
}

/** Tells which rows go with a bad one. */
function leaveOut(
  table: Table,
  image: Image,
  badRows: ReadonlySet<number>,
  { bad }: Pick<ListContext, "bad">,
): void {
  if (image.badLine === undefined) return;
  for (const at of rowsOf(image)) {
    if (badRows.has(at)) continue;
    const reason = `is left out as well: it is of the image ${brief(image.id)}, which the bad row on line ${image.badLine} names too`;
    bad(rowError(table, at, reason));
  }
}

/** Joins the rows of each image into its first one. */
function joinImages(
  table: Table,
  labelNames: readonly string[],
  labelsAt: (at: number) => Uint8Array,
  images: ReadonlyMap<string, Image>,
  repeated: Repeated | undefined,
  { bad, remark, entry }: Pick<ListContext, "bad" | "remark" | "entry">,
): void {
  const joined = new Uint8Array(labelNames.length);
  const cases = new Map<number, { count: number; example: string }>();
  let differing = 0;
  let example = "";
  for (const image of images.values()) {
    if (image.others === undefined || image.badLine !== undefined) continue;
    const at = rowsOf(image);
    const rows = at.map(labelsAt);
    const labels = joinRows(rows, repeated, joined);
    if (labels.length > 0) {
      const lines = linesOf(table, at);
      const where = `${brief(image.id)} on ${lines}`;
      for (const k of labels) {
        const before = cases.get(k);
        if (before === undefined) cases.set(k, { count: 1, example: where });
        else before.count++;
      }
      const said = labels.slice(0, 3).map((k) => `${labelNames[k]} is ${wordsOf(rows.map((row) => row[k]))}`);
      const more =
        labels.length > said.length ? `, and ${labels.length - said.length} more labels differ` : "";
      differing++;
      if (differing === 1) example = `${where}, where ${said.join(", ")}${more}`;
      if (repeated === undefined) {
        image.badLine = table.rows[at[1]].line;
        const policies = repeatedPolicies.join(", ");
        const reason =
          `the image ${brief(image.id)} has rows that say different things, on ${lines}: ${said.join(", ")}${more}; ` +
          `say what they mean together with repeated: and one of ${policies}`;
        bad(rowError(table, at[1], reason));
        continue;
      }
    }
    rows[0].set(joined);
  }
  if (differing === 0) return;
  const one = differing === 1;
  const what = `${differing.toLocaleString("en")} image${one ? "" : "s"} of "${entry}" ${one ? "has" : "have"} rows that say different things`;
  const labels = `${cases.size} label${cases.size === 1 ? "" : "s"}`;
  const end =
    repeated === undefined
      ? `${one ? "is" : "are"} left out, since no policy says what they mean together`
      : `${one ? "is" : "are"} joined by repeated: ${repeated}`;
  remark({
    kind: "repeated-rows",
    sentence: `${what} about ${labels}, and ${end}; one is ${example}.`,
    cases: Array.from(cases, ([k, found]): RemarkCase => ({ name: labelNames[k], ...found })),
  });
}

/** "line 2", "lines 2 and 3", "lines 2, 3, 5, ..." */
function linesOf(table: Table, at: readonly number[]): string {
  const lines = at.slice(0, 10).map((row) => table.rows[row].line);
  const last = lines.at(-1) ?? 0;
  if (at.length > lines.length) return `lines ${lines.join(", ")} and ${at.length - lines.length} more`;
  return lines.length === 1 ? `line ${last}` : `lines ${lines.slice(0, -1).join(", ")} and ${last}`;
}

/** "positive, negative and .38 positive", each once. */
function wordsOf(codes: readonly number[]): string {
  const words = [...new Set(codes)].map((code) => {
    if (isSoft(code)) return `positive with ${targetOf(code) ?? ""}`;
    return Object.entries(rawLabel).find(([, other]) => other === code)?.[0] ?? String(code);
  });
  return [words.slice(0, -1).join(", "), words.at(-1)].join(" and ");
}

function recordOf(
  table: Table,
  { id, file, at, others, patient, part, reading, badLine }: Image,
): ListedRecord {
  return {
    id,
    image: { kind: "file", file, ...(reading === undefined ? {} : { reading }) },
    ...(patient === undefined ? {} : { patient }),
    ...(part === undefined ? {} : { part }),
    row: table.rows[at].cells,
    ...(others === undefined ? {} : { otherRows: others.map((other) => table.rows[other].cells) }),
    ...(badLine === undefined ? {} : { leftOut: true as const }),
  };
}
