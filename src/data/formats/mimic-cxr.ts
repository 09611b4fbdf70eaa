// MIMIC-CXR-JPG (Johnson et al., 2019): a table of the images, labels by study in another, and the official split in a third.
import { path } from "../manifest/path-field.ts";
import { requireColumns } from "../../files/csv.ts";
import { chexpertLabels } from "./chexpert.ts";
import type { Format } from "./format.ts";
import { rowFields } from "./rows-field.ts";
import { tableFields } from "./table-fields.ts";
import type { JoinFields } from "./table-fields.ts";
import { imageFolders, locateTable } from "./table-rows.ts";
import { listTable } from "./table.ts";

const fields = {
  /** `mimic-cxr-2.0.0-metadata.csv.gz`, or some of its rows under its header. This table and the others may be unpacked. */
  table: path,
  /** `mimic-cxr-2.0.0-chexpert.csv.gz` or `mimic-cxr-2.0.0-negbio.csv.gz`: every image has the labels of its study. */
  labels: path,
  /** `mimic-cxr-2.0.0-split.csv.gz`: the official parts. */
  official: path.optional(),
  /** The folder that holds p10 to p19, which is called `files`. */
  images: imageFolders,
  /** As in a table: where an image lies below that folder. */
  image: tableFields.image.default("p{subject_id:2}/p{subject_id}/s{study_id}/{dicom_id}.jpg"),
  ...rowFields,
};

export const mimicCxr: Format<typeof fields> = {
  fields,
  exhaustive: false,
  patients: "format",
  list: async ({ table, labels, official, images, image, repeated }, context) => {
    // A table in the place of another is told before what follows from it.
    requireColumns(await locateTable(labels, context), chexpertLabels);
    if (official !== undefined) requireColumns(await locateTable(official, context), ["dicom_id", "split"]);
    const joined = (other: string, ...keys: readonly string[]): JoinFields => ({
      table: other,
      on: keys.map((key) => [key, key]),
      delimiter: ",",
      unmatched: "absent",
    });
    const join = [joined(labels, "subject_id", "study_id")];
    if (official !== undefined) join.push(joined(official, "dicom_id"));
    return listTable(
      {
        ...{ table, delimiter: ",", join, images, image, repeated },
        patient: "subject_id",
        official: official === undefined ? undefined : "split",
        columns: [...chexpertLabels],
      },
      context,
    );
  },
};
