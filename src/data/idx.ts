// Reads IDX files (MNIST's format), gzip'd or plain, trusting no length in them before it is checked.
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DataError } from "./failures.ts";

/** Greyscale images of one size. */
export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** [count, height, width], 0..255. */
  readonly pixels: Uint8Array;
}

/** Magic number: two zero bytes, the element type (8 = u8), the number of dimensions. */
const imagesMagic = 2051;
const labelsMagic = 2049;

/** Deflate cannot shrink more than this: at best 258 bytes come out of 2 bits. */
const largestDeflateRatio = 1032;

/** The largest content accepted, 2 GiB: over forty times MNIST, and below what one typed array can hold. */
const largestContent = 2 ** 31;

/** @throws DataError naming the file, what was expected, and what was found */
export async function readIdxImages(file: string): Promise<IdxImages> {
  const { dimensions, content } = await readIdx(file, imagesMagic);
  const [count = 0, height = 0, width = 0] = dimensions;
  return { count, height, width, pixels: content };
}

/** One label byte a record. @throws DataError naming the file, what was expected, and what was found */
export async function readIdxLabels(file: string): Promise<Uint8Array> {
  return (await readIdx(file, labelsMagic)).content;
}

/** Images and their labels. @throws DataError as the two readers, and when the counts differ */
export async function readIdxPair(
  imagesFile: string,
  labelsFile: string,
): Promise<IdxImages & { readonly labels: Uint8Array }> {
  const images = await readIdxImages(imagesFile);
  const labels = await readIdxLabels(labelsFile);
  if (labels.length !== images.count) {
    throw new DataError(
      labelsFile,
      `holds ${labels.length} labels for the ${images.count} images of ${imagesFile}`,
    );
  }
  return { ...images, labels };
}

/** What an IDX file holds: its dimensions, and one byte an element. */
interface IdxContent {
  readonly dimensions: readonly number[];
  readonly content: Uint8Array;
}

async function readIdx(file: string, magic: number): Promise<IdxContent> {
  const handle = await openFile(file);
  let complaint: unknown; // pipeline may report the abort that a complaint causes in place of the complaint
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new DataError(file, "is not a file");
    const start = await handle.read(new Uint8Array(2), 0, 2, 0);
    // Sniffed by content: browsers and mirrors often unpack a file and leave its .gz name.
    const zipped = start.bytesRead === 2 && start.buffer[0] === 0x1f && start.buffer[1] === 0x8b;
    const mostBytes = zipped ? status.size * largestDeflateRatio : status.size;
    const bytes = handle.createReadStream({ start: 0, autoClose: false });
    const gatherContent = (chunks: AsyncIterable<Uint8Array>): Promise<IdxContent> =>
      gather(file, magic, mostBytes, chunks).catch((cause: unknown) => {
        complaint = cause;
        throw cause;
      });
    return await (zipped ? pipeline(bytes, createGunzip(), gatherContent) : pipeline(bytes, gatherContent));
  } catch (caught) {
    const cause = complaint ?? caught;
    if (cause instanceof DataError) throw cause;
    throw new DataError(file, `cannot be read: ${explain(cause)}`, { cause });
  } finally {
    await handle.close();
  }
}

/**
 * Takes a header of 4 + 4 d bytes, then exactly as many content bytes as it promises; memory is bounded by that.
 *
 * @param mostBytes the most that the file could possibly unpack to
 */
async function gather(
  file: string,
  magic: number,
  mostBytes: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<IdxContent> {
  const header = new Uint8Array(4 + 4 * (magic & 0xff));
  let headerLength = 0;
  let dimensions: number[] = [];
  let content: Uint8Array | undefined;
  let contentLength = 0;
  for await (const chunk of chunks) {
    const headerPart = chunk.subarray(0, header.length - headerLength);
    header.set(headerPart, headerLength);
    headerLength += headerPart.length;
    if (headerLength >= 4) checkMagic(file, header, magic);
    if (headerLength < header.length) continue;

    if (content === undefined) {
      const view = new DataView(header.buffer);
      dimensions = Array.from({ length: magic & 0xff }, (_, i) => view.getUint32(4 + 4 * i));
      content = new Uint8Array(checkedLength(file, dimensions, mostBytes));
    }
    const rest = chunk.subarray(headerPart.length);
    if (contentLength + rest.length > content.length) {
      throw new DataError(
        file,
        `holds more than the ${content.length} bytes that its header promises (${describe(dimensions)})`,
      );
    }
    content.set(rest, contentLength);
    contentLength += rest.length;
  }
  if (content === undefined) {
    throw new DataError(
      file,
      `ends after ${headerLength} bytes; its header alone should have ${header.length}`,
    );
  }
  if (contentLength < content.length) {
    throw new DataError(
      file,
      `holds ${contentLength} bytes where its header promises ${content.length} (${describe(dimensions)})`,
    );
  }
  return { dimensions, content };
}

function checkMagic(file: string, header: Uint8Array, expected: number): void {
  const found = new DataView(header.buffer).getUint32(0);
  if (found === expected) return;
  const kind = new Map([
    [imagesMagic, "an IDX image file"],
    [labelsMagic, "an IDX label file"],
  ]);
  const is = kind.get(found);
  throw new DataError(
    file,
    `should start with the magic number ${expected} of ${kind.get(expected)}, but starts with ${found}` +
      (is === undefined ? "" : `, that of ${is}`),
  );
}

/** Bytes of content, once it is sure that the file could hold so many; nothing is allocated before. */
function checkedLength(file: string, dimensions: readonly number[], mostBytes: number): number {
  const bytes = dimensions.reduce((product, dimension) => product * dimension, 1);
  if (bytes === 0) throw new DataError(file, `is empty: its header says ${describe(dimensions)}`);
  if (bytes > mostBytes) {
    throw new DataError(
      file,
      `promises ${bytes} bytes in its header (${describe(dimensions)}), more than a file of its size can hold`,
    );
  }
  if (bytes > largestContent) {
    throw new DataError(
      file,
      `promises ${bytes} bytes in its header (${describe(dimensions)}); at most ${largestContent} are read`,
    );
  }
  return bytes;
}

function describe(dimensions: readonly number[]): string {
  const [count, ...size] = dimensions;
  return size.length === 0 ? `${count} labels` : `${count} images of ${size.join(" x ")}`;
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    const code = errorCode(cause);
    const reason = code === "ENOENT" ? "does not exist" : `cannot be opened (${code ?? String(cause)})`;
    throw new DataError(file, reason, { cause });
  }
}

function explain(cause: unknown): string {
  switch (errorCode(cause)) {
    case "Z_BUF_ERROR":
      return "its gzip stream breaks off early; was the download cut short?";
    case "Z_DATA_ERROR":
      return `its gzip stream is damaged (${cause instanceof Error ? cause.message : ""})`;
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function errorCode(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}
