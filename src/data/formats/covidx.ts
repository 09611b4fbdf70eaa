// COVIDx (Wang, Lin, Wong, "COVID-Net", 2020): lists of `patientid filename class source`, parted by spaces.
import { suggestion } from "../../errors/nearest.ts";
import { DataError } from "../../errors/data-errors.ts";
import { name, path, record as fieldRecord } from "../manifest/fields.ts";
import { readText } from "../../files/bytes.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import type { Table, TableRow } from "../../files/csv.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext } from "../catalogue/listing.ts";
import type { Format } from "./format.ts";
import { findImagesIn, imageFolders, isImageName, listRows, locateTable, setPositive } from "./table-rows.ts";

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
    const findImage = (image: string): string | undefined => inFolder(renamed?.get(image) ?? image);

    const all: readonly string[] = [...binary, ...threefold];
    const first = list.rows.find(({ cells }) => all.includes(cells["class"]));
    const words: readonly string[] = binary.some((word) => word === first?.cells["class"])
      ? binary
      : threefold;
    const labelNames = words === binary ? [entry.labelName] : [...threefold.slice(0, 2), entry.labelName];
    return listRows(
      list,
      labelNames,
      findImage,
      ({ cells }, record, labels) => {
        const at = words.indexOf(cells["class"]);
        if (at < 0) {
          const expected = `${words.join(", ")}${suggestion(cells["class"], words)}`;
          throw rowError(
            list,
            record,
            `the class is ${brief(cells["class"])}; in this list it is one of ${expected}`,
          );
        }
        if (words === binary) labels[0] = at === 0 ? rawLabel.positive : rawLabel.negative;
        else setPositive(labels, [at]);
        return { image: cells["filename"], patient: cells["patientid"] };
      },
      context.bad,
    );
  },
};

/**
 * A line is read from its end, because the patient's id may hold spaces: `COVID 1 COVID(1).png positive sirm`. File
 * names hold none in any published list, and end as image files do (.png, .jpg ...); lists before COVIDx8 may leave out the source.
 * So the file name is the last word but two, or, where that is no image, the last but one; what precedes it is the id.
 */
async function readList(file: string, bad: ListContext["bad"]): Promise<Table> {
  const text = await readText(file, { most: most.bytes });
  const rows: TableRow[] = [];
  let line = 0;
  let record = 0;
  for (const content of linesOf(text)) {
    line++;
    if (content.length > most.line) {
      bad(new DataError(file, `line ${line}: is longer than ${most.line} characters`, { record: record++ }));
      continue;
    }
    const words = content.split(/\s+/u).filter((word) => word !== "");
    if (words.length === 0) continue;
    const at = [words.length - 3, words.length - 2].find((place) => place >= 1 && isImageName(words[place]));
    if (at === undefined) {
      const reason = `line ${line}: is not "patientid filename class source", with an image's file name: ${brief(content)}`;
      bad(new DataError(file, reason, { record: record++ }));
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
  return { file, columns: ["patientid", "filename", "class", "source"], rows };
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

/** From the list's names to those of the files. */
async function readNames(
  list: Table,
  names: { readonly table: string; readonly from: string; readonly to: string },
  context: ListContext,
): Promise<ReadonlyMap<string, string>> {
  const table = await locateTable(names.table, context);
  const { from, to } = names;
  requireColumns(table, [from, to]);
  const renamed = new Map<string, string>();
  for (const [record, { cells }] of table.rows.entries()) {
    if (cells[from] === "") continue; // a row about something else
    const name = `${from} ${brief(cells[from])}`;
    if (cells[to] === "") context.bad(rowError(table, record, `${to} is empty for ${name}`));
    else if (renamed.has(cells[from])) context.bad(rowError(table, record, `${name} is there twice`));
    else renamed.set(cells[from], cells[to]);
  }
  if (!list.rows.some(({ cells }) => renamed.has(cells["filename"]))) {
    throw new DataError(table.file, `has none of the file names of ${list.file} in its column ${from}`);
  }
  return renamed;
}
