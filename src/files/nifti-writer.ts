// Writes label volumes as NIfTI, in the place and of the shape of the volume that they label.
import { gzipSync } from "fflate";
import { UsageError } from "../errors/errors.ts";
import { DataError } from "../errors/data-errors.ts";
import { niftiFieldWriter, niftiLayouts } from "./nifti-fields.ts";
import type { NiftiHeader } from "./nifti-header.ts";
import { replaceFile, whyNotWritten } from "./whole-files.ts";

/** NIFTI_INTENT_LABEL: voxels are numbers of labels. */
const labelIntent = 1002;
/** NIFTI_ECODE_COMMENT: an extension of plain text. */
const commentExtension = 6;

/**
 * A label volume as a NIfTI file. The header is that of the volume that it labels: version, byte order, dim, pixdim, units, sform
 * and qform stay to the bit. Type, scale, range, intent and texts are the labels' own, and the volume's extensions are left out:
 * they, its description and its name of another file may speak of the patient.
 *
 * @param labels one number for each voxel, in the order of the volume's: the first axis changes fastest
 * @param names what each number means, as a comment: programs that do not know it pass over it
 * @throws UsageError for another number of labels than the volume has voxels
 */
export function niftiLabels(
  header: NiftiHeader,
  labels: Uint8Array | Uint16Array,
  names: ReadonlyMap<number, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const { version, littleEndian, shape } = header;
  const count = shape[0] * shape[1] * shape[2];
  if (labels.length !== count) {
    throw new UsageError(`${labels.length} labels are not those of a volume of ${shape.join(" x ")} voxels`);
  }
  const each = labels.BYTES_PER_ELEMENT;
  const { size, texts } = niftiLayouts[version];
  const comment = commentOf(names, littleEndian);
  const start = size + 4 + comment.length;
  const bytes = new Uint8Array(start + count * each);
  bytes.set(header.bytes);
  for (const [at, length] of Object.values(texts)) bytes.fill(0, at, at + length);
  const write = niftiFieldWriter(bytes, version, littleEndian);
  write("datatype", each === 1 ? 2 : 512);
  write("bits", 8 * each);
  write("start", start);
  write("slope", 1);
  for (const field of ["intercept", "shownMost", "shownLeast"] as const) write(field, 0);
  write("intentCode", labelIntent);
  // Version 2 has them at places of their own, which follow each other as well.
  for (let i = 0; i < 3; i++) write("intentParameters", 0, i);
  bytes.set(new TextEncoder().encode("label map by Tessera"), texts.description[0]);
  bytes.set(new TextEncoder().encode("labels"), texts.intentName[0]);
  if (comment.length > 0) bytes[size] = 1;
  bytes.set(comment, size + 4);
  if (each === 1) bytes.set(labels, start);
  else {
    const view = new DataView(bytes.buffer, start);
    for (let i = 0; i < count; i++) view.setUint16(2 * i, labels[i], littleEndian);
  }
  return bytes;
}

/**
 * Writes a label volume whole or not at all; packed where the name ends in .gz.
 * @throws DataError when the file cannot be written
 */
export async function writeNiftiLabels(
  file: string,
  header: NiftiHeader,
  labels: Uint8Array | Uint16Array,
  names?: ReadonlyMap<number, string>,
): Promise<void> {
  const plain = niftiLabels(header, labels, names);
  // No time and no name in it, so that equal labels make equal files.
  const bytes = /\.gz$/iu.test(file) ? gzipSync(plain, { mtime: 0, level: 6 }) : plain;
  try {
    await replaceFile(file, (handle) => handle.writeFile(bytes));
  } catch (cause) {
    throw new DataError(file, whyNotWritten(cause, bytes.length), { cause });
  }
}

/** An extension with a line for each name, or nothing. Its length is a multiple of 16, as the format wants it. */
function commentOf(names: ReadonlyMap<number, string>, littleEndian: boolean): Uint8Array {
  if (names.size === 0) return new Uint8Array();
  const text = new TextEncoder().encode([...names].map(([number, name]) => `${number} ${name}\n`).join(""));
  const bytes = new Uint8Array(16 * Math.ceil((8 + text.length) / 16));
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length, littleEndian);
  view.setInt32(4, commentExtension, littleEndian);
  bytes.set(text, 8);
  return bytes;
}
