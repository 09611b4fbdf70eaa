// NIH ChestX-ray14 (Wang et al., "ChestX-ray8", CVPR 2017): one table, findings of an image joined by "|".
import { suggestion } from "../../errors/nearest.ts";
import { path } from "../manifest/fields.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import type { Format } from "./format.ts";
import { findImagesIn, imageFolders, listRows, locateTable, setPositive } from "./table-rows.ts";

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
};

export const chestxray14: Format<typeof fields> = {
  fields,
  exhaustive: true,
  patients: "format",
  list: async (entry, context) => {
    const table = await locateTable(entry.table, context);
    requireColumns(table, ["Image Index", "Finding Labels", "Patient ID"]);
    const findImage = await findImagesIn(entry.images, context);
    const listing = listRows(
      table,
      labelNames,
      findImage,
      ({ cells }, record, labels) => {
        const words = cells["Finding Labels"].split("|").map((word) => word.trim());
        const positives = words.map((word) => {
          const at = columnOf.get(word);
          if (at !== undefined) return at;
          const hint = suggestion(word, labelNames) || `; the findings are ${labelNames.join(", ")}`;
          throw rowError(table, record, `${brief(word)} is no finding of ChestX-ray14${hint}`);
        });
        // Every image has all 15 labels: what the table does not name, its text mining did not find.
        if (words.includes(noFinding) && new Set(words).size > 1) {
          throw rowError(
            table,
            record,
            `"${noFinding}" cannot stand beside a finding: ${brief(words.join("|"))}`,
          );
        }
        setPositive(labels, positives);
        return { image: cells["Image Index"], patient: cells["Patient ID"] };
      },
      context.bad,
    );
    return { ...listing, unlisted: true };
  },
};
