// Reads whole files, gzip'd or plain, within a limit: no length that a file claims is believed before it is seen.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { constants as zlib, createGunzip, gunzipSync } from "node:zlib";
import { DataError } from "../errors/data-errors.ts";
import { codeOf, messageOf } from "./causes.ts";
import { joinBytes } from "./join-bytes.ts";
import { mostArrayBytes } from "./limits.ts";
import { textOfBytes } from "./text-of-bytes.ts";

export interface ReadLimit {
  /** The most bytes accepted, counted after unpacking. */
  readonly most?: number;
  /** Why no more are, to follow "at most 123 bytes are". */
  readonly why?: string;
}

const readOfKind = "read of a file of its kind";

/** 256 MiB: above any label table, and below the longest string of the language. */
const largestText = 2 ** 28;

/** Packed bytes from which the beginning of a content is unpacked. */
const packedStart = 2 ** 14;

/** How much one read asks for: the system reads at most 2 GiB - 1 at a time. */
const largestRead = 2 ** 26;

/**
 * The whole content of a file, unpacked when its content (not its name) says gzip: browsers and mirrors often unpack a
 * file and leave its .gz name. While it unpacks it holds up to twice the content, and never more than twice the limit.
 *
 * @param file its path, also for messages
 * @param limit the most bytes accepted; 2 GiB without
 * @throws DataError when it is missing, not a plain file, over the limit, or its gzip stream is cut, damaged or followed
 *   by something else
 */
export async function readBytes(
  file: string,
  { most = mostArrayBytes, why = readOfKind }: ReadLimit = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return withFile(file, async (handle, size) => {
    if (isPacked(await readUpTo(handle, 2))) return await gunzip(file, handle, size, { most, why });
    if (size > most) throw tooLarge(file, `holds ${size} bytes`, { most, why });
    return await readUpTo(handle, size);
  });
}

/**
 * The content of a file as readBytes gives it, piece by piece: for what keeps little of it.
 * @throws DataError as readBytes
 */
export async function* readPieces(
  file: string,
  { most = mostArrayBytes, why = readOfKind }: ReadLimit = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await openFile(file);
  try {
    const size = await plainSize(file, handle);
    if (isPacked(await readUpTo(handle, 2))) yield* unpacked(file, handle, size, { most, why });
    else if (size > most) throw tooLarge(file, `holds ${size} bytes`, { most, why });
    else yield* chunksOf(handle, size);
  } catch (cause) {
    throw notRead(file, cause);
  } finally {
    await handle.close();
  }
}

/**
 * The beginning of a file, or the whole of one that is gzip'd, since it must be unpacked from its start.
 *
 * @param most bytes that are read at most; a gzip'd file may unpack to as much as any
 * @throws DataError as readBytes
 */
export async function readStart(
  file: string,
  most: number,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const start = await withFile(file, async (handle, size) => {
    const bytes = await readUpTo(handle, Math.min(size, most));
    return { bytes, isWhole: bytes.length === size };
  });
  return isPacked(start.bytes) ? { bytes: await readBytes(file), isWhole: true } : start;
}

/**
 * The first bytes of a file's content, of a gzip'd one unpacked from its first 16 KiB: for headers that say what follows.
 *
 * @returns up to `most` bytes, fewer where the content ends sooner, and the size of the file as it lies there
 * @throws DataError as readBytes
 */
export async function readHead(
  file: string,
  most: number,
): Promise<{ readonly bytes: Uint8Array; readonly size: number; readonly isPacked: boolean }> {
  return withFile(file, async (handle, size) => {
    const start = await readUpTo(handle, Math.min(size, packedStart));
    if (!isPacked(start)) return { bytes: start.subarray(0, most), size, isPacked: false };
    // The stream goes on after this piece of it, which is no fault.
    const bytes = gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH });
    return { bytes: bytes.subarray(0, most), size, isPacked: true };
  });
}

/**
 * The whole content of a text file, gzip'd or plain, without its byte order mark.
 *
 * @param limit the most bytes accepted; 256 MiB without
 * @throws DataError as readBytes, and when it is not UTF-8
 */
export async function readText(file: string, { most = largestText }: ReadLimit = {}): Promise<string> {
  return textOfBytes(file, await readBytes(file, { most: Math.min(most, largestText) }));
}

/** Whether a content begins as gzip's does. */
const isPacked = (start: Uint8Array): boolean => start[0] === 0x1f && start[1] === 0x8b;

/** Opens a plain file for as long as it is used. @throws DataError naming it, whatever goes wrong */
async function withFile<T>(file: string, use: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  const handle = await openFile(file);
  try {
    return await use(handle, await plainSize(file, handle));
  } catch (cause) {
    throw notRead(file, cause);
  } finally {
    await handle.close();
  }
}

/** @throws DataError for what is no plain file */
async function plainSize(file: string, handle: FileHandle): Promise<number> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new DataError(file, "is not a file");
  return stats.size;
}

const notRead = (file: string, cause: unknown): DataError =>
  cause instanceof DataError ? cause : new DataError(file, `cannot be read: ${explain(cause)}`, { cause });

/** @throws DataError when there is nothing of this name, or it may not be read */
async function openFile(file: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK the opening of a named pipe waits for a writer, for ever. Windows has neither.
    return await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw new DataError(file, whyNotOpened(cause), { cause });
  }
}

function whyNotOpened(cause: unknown): string {
  const code = codeOf(cause);
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist";
    case "EISDIR":
    case "ENXIO": // a socket
      return "is not a file";
    default:
      return `cannot be opened (${code ?? String(cause)})`;
  }
}

/** The first bytes of a file, fewer where it ends sooner. */
async function readUpTo(handle: FileHandle, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, Math.min(length - filled, largestRead), filled);
    if (bytesRead === 0) return bytes.slice(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

async function gunzip(
  file: string,
  handle: FileHandle,
  size: number,
  limit: Required<ReadLimit>,
): Promise<Uint8Array<ArrayBuffer>> {
  const gathered: Uint8Array[] = [];
  for await (const piece of unpacked(file, handle, size, limit)) gathered.push(piece);
  return joinBytes(gathered);
}

async function* unpacked(
  file: string,
  handle: FileHandle,
  size: number,
  limit: Required<ReadLimit>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const unpacking = createGunzip({ chunkSize: 2 ** 18 });
  const packed = Readable.from(chunksOf(handle, size));
  packed.once("error", (cause) => unpacking.destroy(cause));
  // Not `pipeline`: it takes a gzip stream that ends before its file does for an abort.
  packed.pipe(unpacking);
  let length = 0;
  try {
    for await (const chunk of unpacking as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > limit.most) throw tooLarge(file, "unpacks to more", limit);
      yield chunk;
    }
  } finally {
    packed.destroy();
  }
  await refuseTail(file, handle, unpacking.bytesWritten, size);
}

/** The bytes of a file up to the size it had when it was opened, in pieces; a read stream would close the handle. */
async function* chunksOf(handle: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size;) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(Math.min(2 ** 16, size - at)), {
      position: at,
    });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Zeros may follow a gzip stream, as padding; anything else means that the file is not what it says. */
async function refuseTail(file: string, handle: FileHandle, end: number, size: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(2 ** 16, Math.max(0, size - end)));
  for (let at = end; at < size;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) {
      throw new DataError(file, `holds ${size - end} bytes of something else after its gzip stream`);
    }
    at += bytesRead;
  }
}

function tooLarge(file: string, what: string, { most, why }: Required<ReadLimit>): DataError {
  return new DataError(file, `${what}; at most ${most} bytes are ${why}`);
}

function explain(cause: unknown): string {
  switch (codeOf(cause)) {
    case "Z_BUF_ERROR":
      return "its gzip stream breaks off early; was the download cut short?";
    case "Z_DATA_ERROR":
      return `its gzip stream is damaged (${messageOf(cause)})`;
    default:
      return messageOf(cause);
  }
}
