// CheXpert (Irvin et al., AAAI 2019): one table, a column a label with 1 positive, 0 negative, -1 uncertain, blank.
import { join } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { canonicalWord, isMissing } from "../../labels/wording.ts";
import { path } from "../manifest/path-field.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import { belowRoot, exists } from "../../files/paths.ts";
import { pathsOnDisk } from "../../files/spelled-paths.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { partOf } from "../catalogue/part-words.ts";
import type { Format } from "./format.ts";
import { rowFields } from "./rows-field.ts";
import { listRows } from "./row-records.ts";
import { locateTable } from "./table-rows.ts";

/** In the order of the table. */
export const chexpertLabels = [
  "No Finding",
  "Enlarged Cardiomediastinum",
  "Cardiomegaly",
  "Lung Opacity",
  "Lung Lesion",
  "Edema",
  "Consolidation",
  "Pneumonia",
  "Atelectasis",
  "Pneumothorax",
  "Pleural Effusion",
  "Pleural Other",
  "Fracture",
  "Support Devices",
] as const;

type Cells = Readonly<Record<string, string>>;

/** The raw label of a cell; undefined for one that is no mark. */
function markIn(cell: string): number | undefined {
  return marks.get(canonicalWord(cell)) ?? (isMissing(cell) ? rawLabel.blank : undefined);
}
const marks: ReadonlyMap<string, number> = new Map([
  ["1", rawLabel.positive],
  ["0", rawLabel.negative],
  ["-1", rawLabel.uncertain],
]);

/** `CheXpert-v1.0-small/`, `CheXpert-v1.0/`, `CheXpert-v1.0 batch 1 (validate & csv)/`: the folder it is handed out in. */
const topFolder = /^CheXpert-v1\.0[^/]*(?=\/)/u;

const fields = {
  /** `train.csv`, `valid.csv` or `test.csv`, or some of its rows under its header. */
  table: path,
  /**
   * The folder that the column Path starts from. Its own first folder, `CheXpert-v1.0-small/`, may be there or not:
   * `images` may name the folder that holds `CheXpert-v1.0-small`, or the one that holds `train` and `valid`.
   */
  images: path,
  ...rowFields,
};

export const chexpert: Format<typeof fields> = {
  fields,
  exhaustive: false,
  patients: "format",
  list: async (entry, context) => {
    const table = await locateTable(entry.table, context);
    if (!table.columns.includes("Path") && table.columns.includes("study_id")) {
      throw new DataError(table.file, "has labels by study, as MIMIC-CXR has them: say format: mimic-cxr");
    }
    requireColumns(table, ["Path", ...chexpertLabels]);
    const root = await context.locate(entry.images);
    const tops = new Set(table.rows.map(({ cells }) => topFolder.exec(cells["Path"])?.[0] ?? ""));
    const onDisk = pathsOnDisk();
    const there = new Set<string>();
    for (const top of tops) if (top !== "" && (await exists(join(root, top)))) there.add(top);
    const findImage = (name: string): string | undefined => {
      const top = topFolder.exec(name)?.[0];
      // Cut before it is judged: what follows may itself try to leave the folder.
      const file = belowRoot(root, top === undefined || there.has(top) ? name : name.slice(top.length + 1));
      return file === undefined ? undefined : onDisk(file);
    };
    const foldersOf = (cells: Cells): string[] =>
      cells["Path"].replace(topFolder, "").split("/").slice(0, -1);
    const reader = {
      image: (cells: Cells) => cells["Path"],
      patient: (cells: Cells, at: number): string => {
        const patient = foldersOf(cells).find((folder) => /^patient\d+$/u.test(folder));
        if (patient !== undefined) return patient;
        throw rowError(table, at, `Path ${brief(cells["Path"])} has no folder like patient00001`);
      },
      part: (cells: Cells) =>
        foldersOf(cells)
          .map(partOf)
          .find((part) => part !== undefined),
      labels: (cells: Cells, at: number, labels: Uint8Array): void => {
        for (const [k, name] of chexpertLabels.entries()) {
          const mark = markIn(cells[name]);
          if (mark === undefined) {
            const reason = `${name} is ${brief(cells[name])}; it must be 1.0, 0.0, -1.0 or blank`;
            throw rowError(table, at, reason);
          }
          labels[k] = mark;
        }
      },
    };
    return listRows(table, chexpertLabels, findImage, reader, entry, context);
  },
};
