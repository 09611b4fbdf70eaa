// Finds data elements in the bytes of a DICOM file (PS3.5, 7 and 10): one walk without recursion that keeps only the elements
// asked for, so that neither lengths nor nesting that a damaged file claims cost memory. Packages that build the whole tree
// of elements take seconds and gigabytes for some files within the limits.
import { inflateRawSync, constants } from "node:zlib";
import { DataError } from "../../errors/data-errors.ts";
import { codeOf } from "../../files/causes.ts";

/** (gggg,eeee) as one number. */
export type Tag = number;

export interface DataElement {
  readonly tag: Tag;
  /** Its value representation; undefined where the file leaves them out. */
  readonly vr: string | undefined;
  /** Empty where `items` are given. */
  readonly value: Uint8Array;
  /** The contents of its items, where its length is undefined or it is a sequence. */
  readonly items?: readonly Uint8Array[];
}

/** How the elements of a data set are written. */
export interface Encoding {
  readonly littleEndian: boolean;
  /** Whether elements name their value representation. */
  readonly explicit: boolean;
}

export interface DataSet extends Encoding {
  /** Unique identifier of the transfer syntax; undefined where the file names none. */
  readonly transferSyntax: string | undefined;
  readonly elements: ReadonlyMap<Tag, DataElement>;
  /** Whether the walk came to the element that it was to stop at, or past it. */
  readonly reached: boolean;
}

/** What to keep of a data set. */
export interface Wanted {
  readonly tags: ReadonlySet<Tag>;
  /** The walk ends after this one: what follows is not looked at. */
  readonly last: Tag;
  /** Whether the bytes may be the beginning of a file only; then what is cut off is passed over. */
  readonly beginning?: boolean;
}

const transferSyntaxTag = 0x00020010;
const itemTag = 0xfffee000;
const itemEnd = 0xfffee00d;
const sequenceEnd = 0xfffee0dd;
const undefinedLength = 0xffffffff;
const deflated = "1.2.840.10008.1.2.1.99";
const bigEndian = "1.2.840.10008.1.2.2";

/** Deeper than any published object nests its sequences. */
const deepest = 100;

/** The most that a deflated data set unpacks to: what a file may hold that is not deflated. */
const mostInflated = 2 ** 28;

/** Value representations with a length of four bytes, after two that are reserved. */
const longForms = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);

const preamble = 128;
const latin1 = (bytes: Uint8Array, start: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(start, start + length));
const isVr = (text: string): boolean => /^[A-Z]{2}$/u.test(text);

/** Whether bytes are a DICOM file's: after its preamble, or from the first element of group 0002 or 0008 where it has none. */
export function isDicom(bytes: Uint8Array): boolean {
  if (latin1(bytes, preamble, 4) === "DICM") return true;
  if (bytes.length < 12) return false;
  const [first, second, low, high] = bytes;
  const named = isVr(latin1(bytes, 4, 2));
  if (first === 0 && second === 8) return low === 0 && named;
  if (second !== 0 || high !== 0) return false;
  if (first === 2) return named;
  // Without names the first elements, such as (0008,0005), are short.
  return first === 8 && (named || (low <= 0x20 && bytes[5] < 2 && bytes[6] === 0 && bytes[7] === 0));
}

export function cutShort(file: string): DataError {
  return new DataError(file, "is a DICOM file that breaks off early; was the download cut short?");
}

export function damaged(file: string, how: string): DataError {
  return new DataError(file, `is a damaged DICOM file: ${how}`);
}

/** A tag as the standard writes it. */
export function tagText(tag: Tag): string {
  const digits = tag.toString(16).padStart(8, "0");
  return `(${digits.slice(0, 4)},${digits.slice(4)})`;
}

/** Reads data elements one after the other. */
class Walk {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #file: string;
  readonly littleEndian: boolean;
  at: number;

  constructor(bytes: Uint8Array, at: number, littleEndian: boolean, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.littleEndian = littleEndian;
    this.#file = file;
  }

  /** Whether there is no further element: a few bytes that are none may be padding. */
  get ended(): boolean {
    return this.at + 8 > this.#bytes.length;
  }

  tagHere(): Tag {
    if (this.ended) throw cutShort(this.#file);
    const group = this.#view.getUint16(this.at, this.littleEndian);
    return group * 0x10000 + this.#view.getUint16(this.at + 2, this.littleEndian);
  }

  /** The header of the next element, and `at` behind it. */
  header(explicit: boolean): { tag: Tag; vr: string | undefined; length: number } {
    const tag = this.tagHere();
    const name = latin1(this.#bytes, this.at + 4, 2);
    // Some writers leave the name out of single elements, as if it were not explicit.
    if (!explicit || !isVr(name) || tag >>> 16 === 0xfffe) {
      const length = this.#view.getUint32(this.at + 4, this.littleEndian);
      this.at += 8;
      return { tag, vr: undefined, length };
    }
    if (!longForms.has(name)) {
      const length = this.#view.getUint16(this.at + 6, this.littleEndian);
      this.at += 8;
      return { tag, vr: name, length };
    }
    if (this.at + 12 > this.#bytes.length) throw cutShort(this.#file);
    const length = this.#view.getUint32(this.at + 8, this.littleEndian);
    this.at += 12;
    return { tag, vr: name, length };
  }

  /** The next bytes, and `at` behind them. */
  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw cutShort(this.#file);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /**
   * Passes over items up to the end of a sequence of undefined length.
   *
   * @param kept takes the content of each item of this sequence, but of none within
   */
  items(explicit: boolean, kept?: Uint8Array[]): void {
    const open: { readonly kind: "sequence" | "item"; readonly explicit: boolean }[] = [
      { kind: "sequence", explicit },
    ];
    let start = 0;
    for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
      const before = this.at;
      const { tag, vr, length } = this.header(inner.explicit);
      const isEnd = tag === (inner.kind === "sequence" ? sequenceEnd : itemEnd);
      if (isEnd) {
        open.pop();
        if (open.length === 1) kept?.push(this.#bytes.subarray(start, before));
      } else if (inner.kind === "sequence" && tag !== itemTag) {
        throw damaged(this.#file, `${tagText(tag)} stands where an item of a sequence should`);
      } else if (length !== undefinedLength) {
        const content = this.take(length);
        if (open.length === 1) kept?.push(content);
      } else {
        if (open.length >= deepest) throw damaged(this.#file, `its sequences are over ${deepest} deep`);
        if (open.length === 1) start = this.at;
        // What a reader did not know when it copied the file has the form without names (PS3.5, 6.2.2).
        open.push({
          kind: inner.kind === "item" ? "sequence" : "item",
          explicit: inner.explicit && vr !== "UN",
        });
      }
    }
  }
}

/**
 * Reads the elements that are wanted.
 *
 * @throws DataError where the bytes break off, or are no elements
 */
export function readDataSet(bytes: Uint8Array, file: string, wanted: Wanted): DataSet {
  let at = latin1(bytes, preamble, 4) === "DICM" ? preamble + 4 : 0;
  const elements = new Map<Tag, DataElement>();
  const meta = new Walk(bytes, at, true, file);
  while (!meta.ended && meta.tagHere() >>> 16 === 2) {
    const { tag, vr, length } = meta.header(true);
    elements.set(tag, { tag, vr, value: meta.take(length) });
  }
  at = meta.at;
  const named = elements.get(transferSyntaxTag);
  const transferSyntax = named === undefined ? undefined : trimmed(latin1Text(named.value));
  const body = transferSyntax === deflated ? inflate(bytes.subarray(at), file, wanted) : bytes;
  if (body !== bytes) at = 0;
  const encoding = encodingAt(body, at, transferSyntax);
  const walk = new Walk(body, at, encoding.littleEndian, file);
  let reached = false;
  try {
    reached = walkElements(walk, encoding.explicit, wanted, elements, file);
  } catch (error) {
    // Beyond what is wanted a beginning may break off anywhere.
    if (wanted.beginning !== true) throw error;
  }
  return { ...encoding, transferSyntax, elements, reached };
}

function walkElements(
  walk: Walk,
  explicit: boolean,
  wanted: Wanted,
  elements: Map<Tag, DataElement>,
  file: string,
): boolean {
  while (!walk.ended) {
    if (walk.tagHere() > wanted.last) return true;
    const { tag, vr, length } = walk.header(explicit);
    const isWanted = wanted.tags.has(tag);
    if (isWanted && elements.has(tag)) throw damaged(file, `it has ${tagText(tag)} twice`);
    if (length !== undefinedLength) {
      const value = walk.take(length);
      if (isWanted) elements.set(tag, { tag, vr, value });
    } else {
      const items: Uint8Array[] | undefined = isWanted ? [] : undefined;
      walk.items(explicit && vr !== "UN", items);
      if (items !== undefined) elements.set(tag, { tag, vr, value: new Uint8Array(), items });
    }
    if (tag === wanted.last) return true;
  }
  return false;
}

/** The elements of a sequence's first item; undefined where it has none. */
export function firstItem(
  { value, vr, items }: DataElement,
  { littleEndian, explicit }: Encoding,
  tags: ReadonlySet<Tag>,
  file: string,
): ReadonlyMap<Tag, DataElement> | undefined {
  const within = explicit && vr !== "UN";
  let content = items?.at(0);
  if (items === undefined && value.length >= 8) {
    const walk = new Walk(value, 0, littleEndian, file);
    const { tag, length } = walk.header(false);
    if (tag !== itemTag) throw damaged(file, `${tagText(tag)} stands where an item of a sequence should`);
    content = length === undefinedLength ? value.subarray(8) : walk.take(length);
  }
  if (content === undefined) return undefined;
  const found = new Map<Tag, DataElement>();
  walkElements(new Walk(content, 0, littleEndian, file), within, { tags, last: itemEnd - 1 }, found, file);
  return found;
}

/** How the first element is written; what the file says of it counts only for its byte order, since some writers err. */
function encodingAt(bytes: Uint8Array, at: number, transferSyntax: string | undefined): Encoding {
  const isBig = transferSyntax === bigEndian || (transferSyntax === undefined && bytes[at] === 0);
  return { littleEndian: !isBig, explicit: isVr(latin1(bytes, at + 4, 2)) };
}

function inflate(packed: Uint8Array, file: string, { beginning = false }: Wanted): Uint8Array {
  try {
    return inflateRawSync(packed, {
      maxOutputLength: mostInflated,
      ...(beginning ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
    });
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw new DataError(
        file,
        `unpacks to more than ${mostInflated} bytes, the most that are read of an image`,
      );
    }
    if (code === "Z_BUF_ERROR") throw cutShort(file);
    throw damaged(file, "what it has deflated does not unpack");
  }
}

const latin1Text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Without the blanks and zeros that make a length even. */
function trimmed(text: string): string {
  return text.replace(/^[\s\0]+|[\s\0]+$/gu, "");
}

/** Text of an element, with letters beyond ASCII as Latin-1; undefined where it is missing or empty. */
export function textOf(elements: ReadonlyMap<Tag, DataElement>, tag: Tag): string | undefined {
  const element = elements.get(tag);
  if (element === undefined) return undefined;
  const text = trimmed(latin1Text(element.value.subarray(0, 4096)));
  return text === "" ? undefined : text;
}

/** Numbers written as decimal text, parted by backslashes. @throws DataError for other text */
export function decimalsOf(
  elements: ReadonlyMap<Tag, DataElement>,
  tag: Tag,
  file: string,
): readonly number[] | undefined {
  return textOf(elements, tag)
    ?.split("\\")
    .map((text) => {
      const number = Number(trimmed(text));
      if (trimmed(text) !== "" && Number.isFinite(number)) return number;
      throw damaged(file, `${tagText(tag)} is ${JSON.stringify(text.slice(0, 40))}, which is no number`);
    });
}

/** 16-bit numbers of an element; undefined where it is missing or empty. */
export function shortsOf(
  elements: ReadonlyMap<Tag, DataElement>,
  tag: Tag,
  littleEndian: boolean,
): Uint16Array | undefined {
  const value = elements.get(tag)?.value;
  if (value === undefined || value.length < 2) return undefined;
  return readShorts(value, value.length >> 1, littleEndian);
}

/** The first `count` 16-bit numbers of bytes. */
export function readShorts(value: Uint8Array, count: number, littleEndian: boolean): Uint16Array {
  const numbers = new Uint16Array(count);
  for (let i = 0, at = littleEndian ? 0 : 1, other = 1 - at; i < count; i++, at += 2, other += 2) {
    numbers[i] = value[at] | (value[other] << 8);
  }
  return numbers;
}
