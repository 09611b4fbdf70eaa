// The header of a safetensors file: eight bytes with the length of a JSON text, the text, then the values of all tensors,
// little-endian, with no byte between them that is of none. Whoever wrote the file, every claim is checked before it is used.

import { z } from "zod";
import { sizeOf } from "../tensor/shape.ts";

/** 64 MiB: that of a DenseNet-121 has 0.06, and 100,000 tensors take some 12. */
const mostHeaderBytes = 2 ** 26;
/** Objects, lists and names, of which a tensor has seven; each may take 100 bytes when it is parsed. */
const mostParts = 2 ** 22;

/** Bytes of an element, by the names of the format. */
const elementBytes = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, F8_E8M0: 1, U16: 2, I16: 2, F16: 2, BF16: 2 },
  ...{ U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8, C64: 8 },
} as const;
export type SafetensorsType = keyof typeof elementBytes;

const size = z.int().min(0);
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size).max(64),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** As in the header: where the bytes begin and end among the values. */
  readonly data_offsets: readonly [number, number];
  readonly bytes: Uint8Array;
}

export interface SafetensorsContent {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  readonly entries: readonly SafetensorsEntry[];
}

/** Whether a file begins as one does: with a length that it could have, then a brace. */
export function startsAsSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[8] === 0x7b && headerLength(bytes) <= mostHeaderBytes;
}

const headerLength = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));

/**
 * Views of all tensors of a file, in the bytes given.
 *
 * @param refuse makes the error for a file that is not whole and sound, from how it is not
 */
export function parseSafetensors(bytes: Uint8Array, refuse: (how: string) => Error): SafetensorsContent {
  if (bytes.length < 8) throw refuse("it ends within its first eight bytes");
  const length = headerLength(bytes);
  if (length > bytes.length - 8) {
    throw refuse(`its header would have ${length} bytes, and the file has ${bytes.length}`);
  }
  if (length > mostHeaderBytes) {
    throw refuse(`its header has ${length} bytes, and at most ${mostHeaderBytes} are read`);
  }
  const tree = headerTree(bytes.subarray(8, 8 + length), refuse);
  const values = bytes.subarray(8 + length);
  const metadata = metadataSchema.safeParse(tree.get("__metadata__") ?? {});
  if (!metadata.success) throw refuse("its __metadata__ are not strings by name");
  tree.delete("__metadata__");
  const entries = [...tree].map(([name, value]) => ({ name, ...placeOf(name, value, refuse) }));

  let end = 0;
  for (const { name, begin, length: taken } of entries.toSorted(
    (a, b) => a.begin - b.begin || a.length - b.length,
  )) {
    if (begin !== end) {
      const how = begin < end ? "overlaps the one before it" : `leaves ${begin - end} bytes before it unused`;
      throw refuse(`tensor ${JSON.stringify(name)} ${how}`);
    }
    end += taken;
    if (end > values.length) {
      throw refuse(`tensor ${JSON.stringify(name)} ends at byte ${end} of ${values.length} bytes of values`);
    }
  }
  if (end !== values.length)
    throw refuse(`it has ${values.length} bytes of values where its tensors have ${end}`);
  return {
    metadata: metadata.data,
    entries: entries.map(({ name, dtype, shape, begin, length: taken }) => {
      const data_offsets = [begin, begin + taken] as const;
      return { name, dtype, shape, data_offsets, bytes: values.subarray(...data_offsets) };
    }),
  };
}

/** The fields of the outermost object. */
function headerTree(bytes: Uint8Array, refuse: (how: string) => Error): Map<string, unknown> {
  let text: string;
  let tree: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse("its header is not UTF-8");
  }
  const fault = whyNotHeader(text);
  if (fault !== undefined) throw refuse(fault);
  try {
    tree = JSON.parse(text);
  } catch {
    throw refuse("its header is no JSON");
  }
  return new Map(Object.entries(tree as object));
}

/**
 * What JSON.parse would pass over: a name given twice, of which it takes the last, and nesting, for which it takes memory.
 * Text that is no JSON may pass here.
 */
function whyNotHeader(text: string): string | undefined {
  if (!text.startsWith("{")) return "its header is no JSON object";
  /** The names of each object that is open, and undefined for each list. */
  const open: (Set<string> | undefined)[] = [];
  let parts = 0;
  // No regular expression, which takes its time over a string that does not end.
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === "{" || letter === "[") {
      open.push(letter === "{" ? new Set() : undefined);
      parts++;
    } else if (letter === "}" || letter === "]") open.pop();
    else if (letter === '"') {
      const start = at++;
      while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      let next = at + 1;
      while (text[next] === " " || text[next] === "\n" || text[next] === "\t" || text[next] === "\r") next++;
      if (text[next] !== ":") continue;
      const name = unescaped(text.slice(start, at + 1));
      if (open.at(-1)?.has(name) === true) return `its header has ${name.slice(0, 80)} twice`;
      open.at(-1)?.add(name);
      parts++;
    }
    if (parts > mostParts) return `its header has over ${mostParts} objects, lists and names`;
    if (open.length > 3) return "its header nests deeper than tensors do";
  }
  return undefined;
}

/** A string of JSON in the form that JSON.stringify gives it, so that two spellings of one name are the same. */
function unescaped(name: string): string {
  if (!name.includes("\\")) return name;
  try {
    return JSON.stringify(JSON.parse(name));
  } catch {
    return name; // no JSON, which is found soon
  }
}

function placeOf(
  name: string,
  value: unknown,
  refuse: (how: string) => Error,
): {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly length: number;
} {
  const entry = entrySchema.safeParse(value);
  if (!entry.success) throw refuse(`its header describes tensor ${JSON.stringify(name)} as none can be`);
  const { dtype, shape, data_offsets } = entry.data;
  const [begin, end] = data_offsets;
  if (!isType(dtype))
    throw refuse(`tensor ${JSON.stringify(name)} has elements of type ${JSON.stringify(dtype)}`);
  const length = sizeOf(shape) * elementBytes[dtype];
  if (end - begin !== length) {
    throw refuse(`tensor ${JSON.stringify(name)} has ${end - begin} bytes where its shape takes ${length}`);
  }
  return { dtype, shape, begin, length };
}

const isType = (name: string): name is SafetensorsType => Object.hasOwn(elementBytes, name);
