// Which files of a folder are DICOM though their names do not say so: archives name them by numbers, or by nothing but dots and
// digits, and put a list of them beside.
import { extname } from "node:path";
import { readStart } from "../../files/bytes.ts";
import { isDicom } from "./dicom-elements.ts";

/** Whether a path names a list of DICOM files, which is no image and harmless among images. */
export function isDicomList(path: string): boolean {
  return /(?:^|\/)DICOMDIR$/iu.test(path);
}

/** Whether a file without an ending, or with one of digits (a piece of a unique identifier), starts like DICOM. */
export async function isUnnamedDicom(file: string): Promise<boolean> {
  if (!/^\.?\d*$/u.test(extname(file))) return false;
  return await readStart(file, 256).then(
    ({ bytes }) => isDicom(bytes),
    () => false, // what cannot be read is reported as no image by its name
  );
}
