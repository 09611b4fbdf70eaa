// Writes files whole or not at all: under another name first, then synced and renamed.
import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../errors/data-errors.ts";
import { sizeText } from "./byte-sizes.ts";
import { codeOf, messageOf } from "./causes.ts";

/** How bytes come into an open file; tests put a full disk in its place. */
export type WriteBytes = (handle: FileHandle, bytes: Uint8Array) => Promise<void>;

const writeBytes: WriteBytes = (handle, bytes) => handle.writeFile(bytes);

/** No write takes this long: an older part was left by a process that has ended. */
const oldPart = 60 * 60 * 1000;

const isPart = (name: string): boolean => name.endsWith(".part");

/** Whether a file is what a process left that was killed while it wrote. @param modified milliseconds since 1970 */
export const isLeftPart = (name: string, modified: number): boolean =>
  isPart(name) && Date.now() - modified > oldPart;

/**
 * Writes a file whole or not at all: one that is there stays as it was until the new one is on the disk.
 *
 * @throws what the file system does; the part is removed then
 */
export async function replaceFile(file: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const part = `${file}.${process.pid}-${randomBytes(4).toString("hex")}.part`;
  try {
    const handle = await open(part, "wx");
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined); // the error below is the one to see
    throw cause;
  }
}

const isFull = (cause: unknown): boolean => ["ENOSPC", "EDQUOT"].includes(codeOf(cause) ?? "");

/**
 * Why something could not be written, for people.
 * @param bytes how many these were, where that is known
 */
export function whyNotWritten(cause: unknown, bytes?: number): string {
  if (isFull(cause)) {
    return `the disk is full${bytes === undefined ? "" : `: ${sizeText(bytes)} are needed here`}`;
  }
  switch (codeOf(cause)) {
    case "EROFS":
      return "is on a read-only disk";
    case "EACCES":
    case "EPERM":
      return "may not be written to";
    case "ENOENT":
      return "cannot be written: its folder is gone, or makes no files";
    default:
      return `cannot be written (${messageOf(cause)})`;
  }
}

/** The same with what to do: to make room, where that is what is missing, or something else. */
export function notWritten(cause: unknown, bytes: number | undefined, otherwise: string): string {
  return `${whyNotWritten(cause, bytes)}; ${isFull(cause) ? "make room there, or " : ""}${otherwise}`;
}

/**
 * Writes a file of the cache whole or not at all. One of this name that is there already is replaced.
 *
 * @throws DataError when the disk is full, saying how much was needed and where, or it cannot be written otherwise
 */
export async function writeWhole(file: string, bytes: Uint8Array, write = writeBytes): Promise<void> {
  try {
    await replaceFile(file, (handle) => write(handle, bytes));
  } catch (cause) {
    throw new DataError(file, notWritten(cause, bytes.length, "name another folder with --cache"), { cause });
  }
}

/** Removes parts that ended processes left behind, and files that nothing refers to any more. */
export async function sweep(folder: string, isOrphan: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!isPart(name) && !isOrphan(name)) continue;
    const path = join(folder, name);
    // Another process may write it now, or sweep it before us.
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true && Date.now() - found.mtimeMs > oldPart) await rm(path, { force: true });
  }
}
