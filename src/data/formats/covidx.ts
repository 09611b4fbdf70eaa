// COVIDx (Wang, Lin, Wong, "COVID-Net", 2020): lists of `patientid filename class source`, parted by spaces.
import { suggestion } from "../../errors/nearest.ts";
import { DataError } from "../../errors/data-errors.ts";
import { name, path, record as fieldRecord } from "../manifest/fields.ts";
import { readText } from "../../files/bytes.ts";
import { brief, piecesOf, requireColumns, rowError } from "../../files/csv.ts";
import type { Table, TableFault, TableRow } from "../../files/csv.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { isMissing } from "../../labels/wording.ts";
import type { ListContext } from "../catalogue/listing.ts";
import type { Format } from "./format.ts";
import { setPositive } from "./label-words.ts";
import { rowFields } from "./repeated-rows.ts";
import { listRows } from "./row-records.ts";
import { findImagesIn, imageFolders, isImageName, locateTable } from "./table-rows.ts";

const fields = {
  /** `train_COVIDx8B.txt` and its relatives. */
  list: path,
  images: imageFolders,
  /** Name of the disease: the only label of a list with positive and negative images, or the third of three classes. */
  labelName: name.default("COVID-19"),
  /**
   * For images that are kept under other names than the list's: a table, its column with the list's names, and its
   * column with theirs. A name that the table does not hold is left as it is.
   */
  names: fieldRecord({ table: path, from: name, to: name }).optional(),
  ...rowFields,
};

/** Over fifty times the lists that exist, and their lines. */
const most = { bytes: 2 ** 26, lines: 1_000_000, line: 10_000 };

/** The two kinds of lists: does an image show the disease, or which of three states. */
const binary = ["positive", "negative"] as const;
const threefold = ["normal", "pneumonia", "COVID-19"] as const;

export const covidx: Format<typeof fields> = {
  fields,
  exhaustive: false,
  patients: "format",
  list: async (entry, context) => {
    const file = await context.locate(entry.list);
    const list = await context.once(`covidx ${file}`, () => readList(file, context.bad));
    const inFolder = await findImagesIn(entry.images, context);
    const renamed = entry.names === undefined ? undefined : await readNames(list, entry.names, context);
    // A name whose line in the table of names is bad stands for itself here, and its image is left out.
    const findImage = (image: string): string | undefined => {
      const other = renamed?.get(image);
      return inFolder(typeof other === "string" ? other : image);
    };

    const all: readonly string[] = [...binary, ...threefold];
    const first = list.rows.find(({ cells }) => all.includes(cells["class"]));
    const words: readonly string[] = binary.some((word) => word === first?.cells["class"])
      ? binary
      : threefold;
    const labelNames = words === binary ? [entry.labelName] : [...threefold.slice(0, 2), entry.labelName];
    const reader = {
      image: (cells: Cells) => cells["filename"],
      patient: (cells: Cells) => cells["patientid"],
      labels: (cells: Cells, at: number, labels: Uint8Array): void => {
        const { filename, class: word } = cells;
        const bad = renamed?.get(filename);
        if (bad instanceof DataError) {
          throw rowError(list, at, `nobody knows the file of ${brief(filename)}: ${bad.message}`);
        }
        const k = words.indexOf(word);
        if (k < 0) {
          if (isMissing(word)) return; // nobody says
          const expected = `${words.join(", ")}${suggestion(word, words)}`;
          throw rowError(list, at, `the class is ${brief(word)}; in this list it is one of ${expected}`);
        }
        if (words === binary) labels[0] = k === 0 ? rawLabel.positive : rawLabel.negative;
        else setPositive(labels, [k]);
      },
    };
    return listRows(list, labelNames, findImage, reader, entry, context);
  },
};
type Cells = Readonly<Record<string, string>>;

/**
 * A line is read from its end, because the patient's id may hold spaces: `COVID 1 COVID(1).png positive sirm`. File
 * names hold none in any published list, and end in .png, .jpg or .jpeg; lists before COVIDx8 may leave out the source.
 * So the file name is the last word but two, or, where that is no image, the last but one; what precedes it is the id.
 */
async function readList(file: string, bad: ListContext["bad"]): Promise<Table> {
  const text = await readText(file, { most: most.bytes });
  const rows: TableRow[] = [];
  const faults: TableFault[] = [];
  let line = 0;
  let record = 0;
  const leaveOut = (reason: string, content: string): void => {
    const error = new DataError(file, `line ${line}: ${reason}`, { record: record++ });
    bad(error);
    faults.push({ error, line, pieces: piecesOf(content, " ") });
  };
  for (const content of linesOf(text)) {
    line++;
    if (content.length > most.line) {
      leaveOut(`is longer than ${most.line} characters`, content);
      continue;
    }
    const words = content.split(/\s+/u).filter((word) => word !== "");
    if (words.length === 0) continue;
    const at = [words.length - 3, words.length - 2].find((place) => place >= 1 && isImageName(words[place]));
    if (at === undefined) {
      const reason = `is not "patientid filename class source", with an image's file name: ${brief(content)}`;
      leaveOut(reason, content);
      continue;
    }
    if (rows.length >= most.lines) throw new DataError(file, `has over ${most.lines} lines`);
    const [filename, word, source = ""] = words.slice(at);
    rows.push({
      record: record++,
      line,
      cells: { patientid: words.slice(0, at).join(" "), filename, class: word, source },
    });
  }
  if (rows.length === 0) throw new DataError(file, "is empty; it should list an image a line");
  return { file, columns: ["patientid", "filename", "class", "source"], rows, faults };
}

/** One at a time: an array of all lines of a damaged file could take more memory than the file many times over. */
function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

/** From the list's names to those of the files; an error for a name that has a bad row. */
async function readNames(
  list: Table,
  names: { readonly table: string; readonly from: string; readonly to: string },
  context: ListContext,
): Promise<ReadonlyMap<string, string | DataError>> {
  const table = await locateTable(names.table, context);
  const { from, to } = names;
  requireColumns(table, [from, to]);
  const renamed = new Map<string, string | DataError>();
  for (const [record, { cells }] of table.rows.entries()) {
    if (isMissing(cells[from])) continue; // a row about something else
    const name = `${from} ${brief(cells[from])}`;
    const before = renamed.get(cells[from]);
    const reason = isMissing(cells[to])
      ? `${to} is empty for ${name}`
      : before === undefined || before === cells[to]
        ? undefined
        : `${name} is there twice`;
    if (reason === undefined) {
      renamed.set(cells[from], cells[to]);
      continue;
    }
    const error = rowError(table, record, reason);
    context.bad(error);
    renamed.set(cells[from], error);
  }
  for (const { error, pieces } of table.faults) for (const piece of pieces) renamed.set(piece, error);
  if (!list.rows.some(({ cells }) => renamed.has(cells["filename"]))) {
    throw new DataError(table.file, `has none of the file names of ${list.file} in its column ${from}`);
  }
  return renamed;
}
