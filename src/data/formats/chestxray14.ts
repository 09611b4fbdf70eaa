// NIH ChestX-ray14 (Wang et al., "ChestX-ray8", CVPR 2017): one table, findings of an image joined by "|".
import { suggestion } from "../../errors/nearest.ts";
import { canonicalName } from "../../labels/wording.ts";
import { path } from "../manifest/path-field.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import type { Format } from "./format.ts";
import { isMissing } from "../../labels/wording.ts";
import { setPositive } from "./label-words.ts";
import { rowFields } from "./rows-field.ts";
import { listRows } from "./row-records.ts";
import { findImagesIn, imageFolders, locateTable } from "./table-rows.ts";

/** In the order that papers on the dataset use. */
const findings = [
  "Atelectasis",
  "Cardiomegaly",
  "Effusion",
  "Infiltration",
  "Mass",
  "Nodule",
  "Pneumonia",
  "Pneumothorax",
  "Consolidation",
  "Edema",
  "Emphysema",
  "Fibrosis",
  "Pleural_Thickening",
  "Hernia",
] as const;
const noFinding = "No Finding";
const labelNames = [...findings, noFinding];
const columnOf = new Map(labelNames.map((name, at) => [name, at]));

const fields = {
  /** `Data_Entry_2017.csv` or `Data_Entry_2017_v2020.csv`, or some of its rows under its header. */
  table: path,
  /** Where the PNG files lie: one folder, or all twelve `images_001/images`, ... */
  images: imageFolders,
  ...rowFields,
};

export const chestxray14: Format<typeof fields> = {
  fields,
  exhaustive: true,
  patients: "format",
  list: async (entry, context) => {
    const table = await locateTable(entry.table, context);
    requireColumns(table, ["Image Index", "Finding Labels", "Patient ID"]);
    const findImage = await findImagesIn(entry.images, context);
    const labels = (cells: Readonly<Record<string, string>>, at: number, labels: Uint8Array): void => {
      const words = cells["Finding Labels"].split("|").map(canonicalName);
      const stated = words.filter((word) => !isMissing(word));
      const positives = stated.map((word) => {
        const column = columnOf.get(word);
        if (column !== undefined) return column;
        const hint = suggestion(word, labelNames) || `; the findings are ${labelNames.join(", ")}`;
        throw rowError(table, at, `${brief(word)} is no finding of ChestX-ray14${hint}`);
      });
      if (words.includes(noFinding) && new Set(words).size > 1) {
        throw rowError(table, at, `"${noFinding}" cannot stand beside a finding: ${brief(words.join("|"))}`);
      }
      // Every image has all 15 labels: what the table does not name, its text mining did not find.
      setPositive(labels, positives, stated.length === words.length);
    };
    const reader = {
      image: (cells: Readonly<Record<string, string>>) => cells["Image Index"],
      patient: (cells: Readonly<Record<string, string>>) => cells["Patient ID"],
      labels,
    };
    return { ...listRows(table, labelNames, findImage, reader, entry, context), unlisted: true };
  },
};
