// Patients of a source from the headers of its DICOM files, where the manifest asks for it: the one case in which listing opens
// image files.
import { DataError } from "../../errors/data-errors.ts";
import { inLanes } from "../cache/lanes.ts";
import { readPatientId } from "../images/dicom-patient.ts";
import type { ImageFile, ListContext, ListedRecord, Listing } from "./listing.ts";
import type { Refuse } from "./mapping.ts";

/** Files read at a time: they wait for the disk, not for the processor. */
const lanes = 16;

/**
 * The listing with the patient of each image. A file without the tag, or with an empty one, has no patient; a bad one keeps its
 * place, and no entry takes it.
 *
 * @param bad as of ListContext
 * @param refuse throws a complaint about a field of the entry
 * @throws DataError as readPatientId, unless bad records are left out
 */
export async function withTagPatients(
  listing: Listing,
  bad: ListContext["bad"],
  refuse: Refuse,
  opened: (done: number, total: number) => void,
): Promise<Listing> {
  const { records } = listing;
  if (records.some(({ patient }) => patient !== undefined)) {
    refuse(["patientTag"], "cannot stand beside patients that the source's table or names tell already");
  }
  const files = records.map(({ image }): ImageFile =>
    image.kind === "file"
      ? image
      : refuse(["patientTag"], "is about DICOM files, and this source holds its images in an array"),
  );
  const found = new Map<number, string>();
  const faults = new Map<number, DataError>();
  let done = 0;
  await inLanes(lanes, [...files.entries()], async ([index, { file }]) => {
    try {
      if (records[index].leftOut) return;
      const patient = await readPatientId(file);
      if (patient !== undefined) found.set(index, patient);
    } catch (cause) {
      if (!(cause instanceof DataError)) throw cause;
      faults.set(index, cause);
    } finally {
      opened(++done, files.length);
    }
  });
  const named = records.map((record, index): ListedRecord => {
    const fault = faults.get(index);
    if (fault !== undefined) {
      bad(fault);
      return { ...record, leftOut: true };
    }
    const patient = found.get(index);
    return patient === undefined ? record : { ...record, patient };
  });
  return { ...listing, records: named };
}
