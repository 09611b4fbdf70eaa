// Reads members of zip archives, believing no size in them before it is checked; what is not asked for stays packed.
//
// fflate walks the directory. Three things it cannot be trusted with, or keeps to itself (0.8.3), are done here:
// - It unpacks a member to the end of what is packed, whatever size the member claims: 0.25 MiB that claims 1,000 bytes
//   and holds 256 MiB kept it busy for 7 s (a busy machine, 2026-11). zlib stops at the claim.
// - It compares no checksum, and hands none out.
// - It does not tell whether a member is encrypted, and would unpack what it cannot read.
import { crc32, inflateRaw } from "#inflate";
import { unzipSync } from "fflate";
import type { UnzipFileInfo } from "fflate";
import { DataError } from "../errors/data-errors.ts";
import { messageOf } from "./causes.ts";
import { largestDeflateRatio, mostArrayBytes } from "./limits.ts";

/** What the directory of an archive says of one member; only `readMember` finds out whether it is true. */
interface Member {
  readonly encrypted: boolean;
  /** 0 stored, 8 deflate. */
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its local header starts. */
  readonly at: number;
}

export interface ZipArchive {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly members: ReadonlyMap<string, Member>;
  /** Where the directory starts: all content lies before it. */
  readonly directory: number;
}

/** Lengths and first words of the records of an archive (PKWARE APPNOTE 4.3). */
const localHeader = { length: 30, signature: 0x04034b50 };
const directoryHeader = { length: 46, signature: 0x02014b50 };
const endRecord = { length: 22, signature: 0x06054b50 };
const zip64Locator = { length: 20, signature: 0x07064b50 };
const zip64Record = { length: 56, signature: 0x06064b50 };

/**
 * Reads the directory of an archive.
 *
 * @param file for messages
 * @throws DataError when the bytes are no archive, are cut, or something follows them; and for zip64 where it is
 *   needed, over 4 GiB, and two members of one name
 */
export function openZip(file: string, bytes: Uint8Array): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const startsWith = (at: number, record: { readonly length: number; readonly signature: number }): boolean =>
    at >= 0 && at + record.length <= bytes.length && view.getUint32(at, true) === record.signature;
  const damaged = (how: string, cause?: unknown): DataError =>
    new DataError(file, `is a damaged zip archive: ${how}`, { cause });
  if (!startsWith(0, localHeader) && !startsWith(0, endRecord)) {
    throw new DataError(file, "is not a zip archive (an .npz file is one)");
  }
  const last = bytes.length - endRecord.length; // the first record alone is as long, so this is 0 or more
  let end = last;
  while (end >= 0 && view.getUint32(end, true) !== endRecord.signature) end--;
  if (end < 0) throw new DataError(file, "is a zip archive without an end; was the download cut short?");
  const after = last - end - view.getUint16(end + 20, true);
  if (after < 0) throw damaged("it breaks off in its end");
  if (after > 0) throw new DataError(file, `holds ${after} bytes of something else after its zip archive`);
  const locator = end - zip64Locator.length;
  let directoryEnd = end;
  if (startsWith(locator, zip64Locator)) {
    const [count, start] = [view.getUint16(end + 8, true), view.getUint32(end + 16, true)];
    if (count === 0xffff || start === 0xffffffff) {
      throw new DataError(
        file,
        "is a zip64 archive, which is not read: take smaller images, or images as files of their own",
      );
    }
    // PyTorch writes the records of zip64 into every archive. fflate believes them, so they must say the same.
    directoryEnd = locator - zip64Record.length;
    const isThere =
      startsWith(directoryEnd, zip64Record) && view.getUint32(locator + 8, true) === directoryEnd;
    const [itsCount, itsStart] = [32, 48].map((i) => isThere && view.getUint32(directoryEnd + i, true));
    if (itsCount !== count || itsStart !== start) throw damaged("its zip64 record and its end differ");
  }

  const members = new Map<string, Member>();
  const directory = view.getUint32(end + 16, true);
  let at = directory;
  /** Takes the next member of the directory; nothing is unpacked. */
  const take = ({ name, compression, size, originalSize }: UnzipFileInfo): false => {
    if (at + directoryHeader.length > directoryEnd || !startsWith(at, directoryHeader)) {
      throw damaged(`member ${members.size} is not in its directory`);
    }
    if (members.has(name)) throw damaged(`it holds ${JSON.stringify(name)} twice`);
    members.set(name, {
      encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
      method: compression,
      crc: view.getUint32(at + 16, true),
      packedSize: size,
      size: originalSize,
      at: view.getUint32(at + 42, true),
    });
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((i) => view.getUint16(at + i, true));
    at += directoryHeader.length + nameLength + extraLength + commentLength;
    return false;
  };
  try {
    unzipSync(bytes, { filter: take });
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw damaged(messageOf(cause), cause);
  }
  if (at !== directoryEnd) throw damaged("its directory does not end where its end begins");
  return { file, bytes, members, directory };
}

/**
 * The content of one member, unpacked and checked against its checksum.
 *
 * @throws DataError naming the member when it is missing, encrypted, packed by a method other than deflate, claims more
 *   than it can hold or than 2 GiB, or is damaged
 */
export function readMember(archive: ZipArchive, name: string): Uint8Array {
  const content = viewMember(archive, name);
  // A copy, since a view would keep all of the archive in memory.
  return content.buffer === archive.bytes.buffer ? content.slice() : content;
}

/** As readMember, but of a member that is stored a view: for those who hold the archive anyway. */
export function viewMember(archive: ZipArchive, name: string): Uint8Array {
  const { file, members } = archive;
  const member = members.get(name);
  if (member === undefined) {
    throw new DataError(file, `has no member ${name}; it holds ${listed([...members.keys()])}`);
  }
  const fail = (reason: string, cause?: unknown): DataError =>
    new DataError(file, `member ${name} ${reason}`, { cause });
  const { method, packedSize, size } = member;
  if (member.encrypted) throw fail("is encrypted; save it without a password");
  if (method !== 0 && method !== 8)
    throw fail(`is packed by method ${method}; only stored and deflate are read`);
  if (size > mostArrayBytes) {
    throw fail(
      `claims ${size} bytes; at most ${mostArrayBytes} are read: take smaller images, or fewer in a file`,
    );
  }
  if (method === 0 ? size !== packedSize : size > packedSize * largestDeflateRatio) {
    throw fail(`claims ${size} bytes, which ${packedSize} packed bytes cannot hold`);
  }
  const packed = packedBytes(archive, member);
  if (packed === undefined) throw fail("is not where the archive's directory says; the file is damaged");
  const content = method === 0 ? packed : inflate(packed, size, fail);
  if (content.length !== size) throw fail(`holds ${content.length} bytes where it claims ${size}`);
  if (crc32(content) !== member.crc) throw fail("is damaged: its checksum is another");
  return content;
}

/**
 * The packed bytes of a member; undefined when there is no such member at the place named. Sizes are the directory's:
 * writers that stream, and numpy, leave other words in the local header.
 */
function packedBytes({ bytes, directory }: ZipArchive, { at, packedSize }: Member): Uint8Array | undefined {
  if (at + localHeader.length > directory) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, localHeader.length);
  if (view.getUint32(0, true) !== localHeader.signature) return undefined;
  const start = at + localHeader.length + view.getUint16(26, true) + view.getUint16(28, true);
  return start + packedSize > directory ? undefined : bytes.subarray(start, start + packedSize);
}

/** Unpacks, and stops as soon as there is more than `size`. */
function inflate(
  packed: Uint8Array,
  size: number,
  fail: (reason: string, cause?: unknown) => DataError,
): Uint8Array {
  const { content, fault, cause } = inflateRaw(packed, size);
  if (content !== undefined) return content;
  if (fault === "more") throw fail(`holds more than the ${size} bytes that it claims`, cause);
  if (fault === "less") throw fail("breaks off early", cause);
  throw fail(`is damaged (${messageOf(cause)})`, cause);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name.slice(0, 40)));
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more`);
  return shown.length === 0 ? "nothing" : shown.join(", ");
}
