// Whose image a DICOM file is: the tag PatientID of its header, and nothing else of a person. The pixels are not read.
import { DataError } from "../../errors/data-errors.ts";
import { readStart } from "../../files/bytes.ts";
import { cutShort, isDicom, readDataSet, textOf } from "./dicom-elements.ts";

const characterSet = 0x00080005;
const patientId = 0x00100020;
const wanted = { tags: new Set([characterSet, patientId]), last: patientId };

/** Bytes read of a file's beginning, one after the other until the tag is found: the first hold it nearly always. */
const beginnings = [2 ** 16, 2 ** 20, 2 ** 28];

/** Character sets whose letters are not those of Latin-1 byte by byte, as far as they name patients apart (PS3.3, C.12.1.1.2). */
const encodings: Readonly<Record<string, string>> = {
  "ISO_IR 192": "utf-8",
  GB18030: "gb18030",
  GBK: "gbk",
};

/**
 * The patient's identity as the file has it, without the blanks around it; undefined where it is empty or not there.
 * @throws DataError for a file that is no DICOM, or is damaged up to there
 */
export async function readPatientId(file: string): Promise<string | undefined> {
  for (const most of beginnings) {
    const { bytes, isWhole } = await readStart(file, most);
    if (!isDicom(bytes)) {
      throw new DataError(file, "is no DICOM file, and `patientTag` takes each patient from a tag of DICOM");
    }
    const { elements, reached } = readDataSet(bytes, file, { ...wanted, beginning: !isWhole });
    if (!reached && !isWhole) continue;
    if (!reached) throw cutShort(file); // the pixels come later in every file
    const sets = (textOf(elements, characterSet) ?? "").split("\\");
    const encoding = sets.map((name) => encodings[name.trim()]).find((name) => name !== undefined);
    const value = elements.get(patientId)?.value;
    if (value === undefined || encoding === undefined) return textOf(elements, patientId);
    const text = new TextDecoder(encoding).decode(value).replace(/^[\s\0]+|[\s\0]+$/gu, "");
    return text === "" ? undefined : text;
  }
  throw new DataError(file, "has no end of its header within what is read of an image file");
}
