// COVIDx (Wang, Lin, Wong, "COVID-Net", 2020), COVIDx-CT (Gunraj, Wang, Wong, "COVIDNet-CT", 2020), and the lists of severity
// that come with them.
import { DataError } from "../../errors/data-errors.ts";
import { column, name, record as fieldRecord } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { canonicalName, isMissing } from "../../labels/wording.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext } from "../catalogue/listing.ts";
import { readCovidList } from "./covidx-lists.ts";
import type { CovidList } from "./covidx-lists.ts";
import { patientOfSlice } from "./covidx-patients.ts";
import type { Format } from "./format.ts";
import { setPositive } from "./label-words.ts";
import { rowFields } from "./rows-field.ts";
import { listRows } from "./row-records.ts";
import { findImagesIn, imageFolders, locateTable } from "./table-rows.ts";

const fields = {
  /**
   * `train_COVIDx8B.txt` and its relatives: a line is `patientid filename class source`, and its class positive or negative; or
   * normal, pneumonia or COVID-19; or Mild, Moderate or Severe; or Typical, Indeterminate, Atypical or Negative. A list of
   * COVIDx-CT has lines of `filename class xmin ymin xmax ymax`, with the class 0 (normal), 1 (pneumonia) or 2 (COVID-19).
   */
  list: path,
  images: imageFolders,
  /** Name of the disease: the only label of a list with positive and negative images, or the third of three classes. */
  labelName: name.default("COVID-19"),
  /**
   * For images that are kept under other names than the list's: a table, its column with the list's names, and its
   * column with theirs. A name that the table does not hold is left as it is.
   */
  names: fieldRecord({ table: path, from: column, to: column }).optional(),
  ...rowFields,
};

export const covidx: Format<typeof fields> = {
  fields,
  exhaustive: false,
  patients: "format",
  list: async (entry, context) => {
    const file = await context.locate(entry.list);
    const list = await context.once(`covidx ${file}`, () => readCovidList(file));
    const inFolder = await findImagesIn(entry.images, context);
    const renamed = entry.names === undefined ? undefined : await readNames(list, entry.names, context);
    // A name whose line in the table of names is bad stands for itself here, and its image is left out.
    const findImage = (image: string): string | undefined => {
      const other = renamed?.get(canonicalName(image));
      return inFolder(typeof other === "string" ? other : image);
    };
    const nameless: string[] = [];
    const reader = {
      image: (cells: Cells) => cells["filename"],
      patient: (cells: Cells) => {
        if (list.kind !== "slice") return cells["patientid"];
        const patient = patientOfSlice(cells["filename"]);
        if (patient === undefined) nameless.push(cells["filename"]);
        return patient;
      },
      labels: (cells: Cells, at: number, labels: Uint8Array): void => {
        const { filename } = cells;
        const bad = renamed?.get(canonicalName(filename));
        if (bad instanceof DataError) {
          throw rowError(list, at, `nobody knows the file of ${brief(filename)}: ${bad.message}`);
        }
        const k = list.classes[at];
        if (k < 0) return; // nobody says
        if (list.kind === "binary") labels[0] = k === 0 ? rawLabel.positive : rawLabel.negative;
        else setPositive(labels, [k]);
      },
    };
    const listing = listRows(list, labelNamesOf(list, entry.labelName), findImage, reader, entry, context);
    remarkAlternative(list, context);
    remarkNameless(nameless, file, context);
    // Where a word names one of several classes, nobody says of the others that they are not there.
    return list.kind === "binary" ? listing : { ...listing, unlisted: true };
  },
};
type Cells = Readonly<Record<string, string>>;

function labelNamesOf({ kind, words }: CovidList, labelName: string): readonly string[] {
  if (kind === "binary") return [labelName];
  if (kind === "threefold" || kind === "slice") return ["normal", "pneumonia", labelName];
  return words;
}

/** Some classes are those of two kinds of lists, where no other occurs. */
function remarkAlternative(
  { file, words, rows, alternative }: CovidList,
  { entry, remark }: Pick<ListContext, "entry" | "remark">,
): void {
  if (alternative === undefined) return;
  remark({
    kind: "guess",
    sentence:
      `"${entry}" takes ${file} for a list of the classes ${words.join(", ")}; all that occur in it would also be in one of ` +
      `${alternative.join(", ")}.`,
    cases: [{ name: file, count: rows.length }],
  });
}

/** Slices whose names are of no known source: a split by patient may tear their scans apart. */
function remarkNameless(
  nameless: readonly string[],
  file: string,
  { entry, remark }: Pick<ListContext, "entry" | "remark">,
): void {
  if (nameless.length === 0) return;
  const [images, them] = nameless.length === 1 ? ["image", "its name"] : ["images", "their names"];
  remark({
    kind: "guess",
    sentence:
      `"${entry}" has ${nameless.length} ${images} in ${file} of no known patient, since ${them} are of no source that ` +
      `COVIDx-CT has (${nameless[0]}): each is taken for a patient of its own.`,
    cases: nameless.slice(0, 1000).map((name) => ({ name, count: 1 })),
  });
}

/** From the list's names to those of the files; an error for a name that has a bad row. */
async function readNames(
  list: CovidList,
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
    const key = canonicalName(cells[from]);
    const before = renamed.get(key);
    const reason = isMissing(cells[to])
      ? `${to} is empty for ${name}`
      : before === undefined || before === cells[to]
        ? undefined
        : `${name} is there twice`;
    if (reason === undefined) {
      renamed.set(key, cells[to]);
      continue;
    }
    const error = rowError(table, record, reason);
    context.bad(error);
    renamed.set(key, error);
  }
  for (const { error, pieces } of table.faults) {
    for (const piece of pieces) renamed.set(canonicalName(piece), error);
  }
  if (!list.rows.some(({ cells }) => renamed.has(canonicalName(cells["filename"])))) {
    throw new DataError(table.file, `has none of the file names of ${list.file} in its column ${from}`);
  }
  return renamed;
}
