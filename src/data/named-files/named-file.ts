// Files as a page has them, dropped or chosen: a path, and bytes that are in memory or behind a Blob. No disk is asked.
import { aRecord, listOf, type Requirement } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { isHarmless } from "../../files/harmless.ts";
import { joinBytes } from "../../files/join-bytes.ts";
import { plainPath, withSlashes } from "../../files/path-text.ts";

/** A file by its path and its content. */
export interface NamedFile {
  /** Its name, with the folders that it lies in: `webkitRelativePath` of a chosen file, "cats/1.png". */
  readonly path: string;
  /** Its content, gzip'd or not: a `File` is a Blob, and is read when it is needed. */
  readonly bytes: Uint8Array | Blob;
}

export const aNamedFile: Requirement = {
  words: "a file such as { path, bytes: a Uint8Array or a Blob }",
  fits: (value) => {
    if (!aRecord.fits(value)) return false;
    const { path, bytes } = value as Partial<Record<keyof NamedFile, unknown>>;
    return typeof path === "string" && path !== "" && (bytes instanceof Uint8Array || bytes instanceof Blob);
  },
};
export const namedFiles = listOf("files such as { path, bytes }", aNamedFile);

/** Files by their plain paths, without what systems leave behind. @throws DataError for two of one path */
export function byPath(files: readonly NamedFile[]): ReadonlyMap<string, NamedFile> {
  const found = new Map<string, NamedFile>();
  for (const file of files) {
    const path = plainPath(withSlashes(file.path));
    if (path.split("/").some(isHarmless)) continue;
    if (found.has(path)) throw new DataError(path, "is there twice: give each file once");
    found.set(path, file);
  }
  return found;
}

/** The name of a file without its folders. */
export const lastOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Bytes of a file as it lies there. */
export const packedSize = ({ bytes }: NamedFile): number =>
  bytes instanceof Uint8Array ? bytes.length : bytes.size;

/** The first bytes of a file as it lies there. */
export async function startOf({ bytes }: NamedFile, length: number): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes.subarray(0, length);
  return new Uint8Array(await bytes.slice(0, length).arrayBuffer());
}

/**
 * The whole content of a file, unpacked when its content (not its name) says gzip.
 *
 * @param path for messages
 * @param most the most bytes accepted, counted after unpacking
 * @throws DataError when it is over the limit, cannot be read, or its gzip stream is damaged
 */
export async function contentOf(path: string, file: NamedFile, most: number): Promise<Uint8Array> {
  const tooLarge = (what: string): DataError =>
    new DataError(
      path,
      `${what}; at most ${most} bytes are allowed: allow more with most, or give a smaller file`,
    );
  if (packedSize(file) > most) throw tooLarge(`holds ${packedSize(file)} bytes`);
  const bytes = file.bytes instanceof Uint8Array ? file.bytes : await readBlob(path, file.bytes);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  // A copy: the stream takes no bytes of memory that is shared.
  const unpacking = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const gathered: Uint8Array[] = [];
  let length = 0;
  const reader = unpacking.getReader();
  try {
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
      if (done || value === undefined) return joinBytes(gathered);
      length += value.length;
      if (length > most) throw tooLarge("unpacks to more");
      gathered.push(value);
    }
  } catch (cause) {
    await reader.cancel().catch(() => undefined); // the error below is the one to see
    if (cause instanceof DataError) throw cause;
    const reason = "its gzip stream is damaged or breaks off early; was the download cut short?";
    throw new DataError(path, `cannot be read: ${reason}`, { cause });
  }
}

/** @throws DataError for a file that has been moved or changed since it was chosen */
async function readBlob(path: string, blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new DataError(path, `cannot be read: ${messageOf(cause)}`, { cause });
  }
}
