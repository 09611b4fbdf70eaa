// Writes DICOM files element by element, of every transfer syntax that packs nothing or run lengths, right or wrong.
import { deflateRawSync } from "node:zlib";

/** Numbers of 16 bits, text, bytes, or the items of a sequence. */
type Value = readonly number[] | string | Uint8Array | { readonly items: readonly (readonly Element[])[] };
export type Element = readonly [tag: number, vr: string, value: Value];

export const syntaxes = {
  implicit: "1.2.840.10008.1.2",
  explicit: "1.2.840.10008.1.2.1",
  deflated: "1.2.840.10008.1.2.1.99",
  big: "1.2.840.10008.1.2.2",
  rle: "1.2.840.10008.1.2.5",
  jpeg: "1.2.840.10008.1.2.4.50",
  extended: "1.2.840.10008.1.2.4.51",
  lossless: "1.2.840.10008.1.2.4.70",
  jpegLs: "1.2.840.10008.1.2.4.80",
  jpeg2000: "1.2.840.10008.1.2.4.90",
} as const;
export type Syntax = keyof typeof syntaxes;

interface Form {
  readonly explicit: boolean;
  readonly big: boolean;
  /** Whether sequences and their items have an end instead of a length. */
  readonly open: boolean;
}

const long = ["OB", "OW", "SQ", "UN", "UT"];

function word(number: number, { big }: Form): Buffer {
  const bytes = Buffer.alloc(2);
  if (big) bytes.writeUInt16BE(number & 0xffff);
  else bytes.writeUInt16LE(number & 0xffff);
  return bytes;
}

function double(number: number, { big }: Form): Buffer {
  const bytes = Buffer.alloc(4);
  if (big) bytes.writeUInt32BE(number);
  else bytes.writeUInt32LE(number);
  return bytes;
}

const tagBytes = (tag: number, form: Form): Buffer =>
  Buffer.concat([word(Math.floor(tag / 0x10000), form), word(tag % 0x10000, form)]);
const even = (bytes: Buffer, filling: string): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(filling)]);
const undefinedLength = 0xffffffff;

/** The head of an element, and its value. */
function element(tag: number, vr: string, value: Buffer, form: Form, length = value.length): Buffer {
  if (!form.explicit) return Buffer.concat([tagBytes(tag, form), double(length, form), value]);
  const head = long.includes(vr)
    ? Buffer.concat([Buffer.from(`${vr}\0\0`), double(length, form)])
    : Buffer.concat([Buffer.from(vr), word(length, form)]);
  return Buffer.concat([tagBytes(tag, form), head, value]);
}

/** Items and delimiters never have a VR. */
const bare = (tag: number, value: Buffer, form: Form, length = value.length): Buffer =>
  element(tag, "", value, { ...form, explicit: false }, length);
const [item, itemEnd, sequenceEnd] = [0xfffee000, 0xfffee00d, 0xfffee0dd];
const none = Buffer.alloc(0);

function write([tag, vr, value]: Element, form: Form): Buffer {
  if (typeof value === "string") {
    return element(tag, vr, even(Buffer.from(value, "latin1"), vr === "UI" ? "\0" : " "), form);
  }
  if (value instanceof Uint8Array) return element(tag, vr, even(Buffer.from(value), "\0"), form);
  if (!("items" in value)) {
    return element(tag, vr, Buffer.concat(value.map((number) => word(number, form))), form);
  }
  const contents = value.items.map((inner) => Buffer.concat(inner.map((each) => write(each, form))));
  if (!form.open) {
    const all = Buffer.concat(contents.map((content) => bare(item, content, form)));
    return element(tag, vr, all, form);
  }
  const all = contents.flatMap((content) => [
    bare(item, content, form, undefinedLength),
    bare(itemEnd, none, form),
  ]);
  return element(tag, vr, Buffer.concat([...all, bare(sequenceEnd, none, form)]), form, undefinedLength);
}

/** Pixels in fragments, after a table of offsets. */
export function fragments(pieces: readonly Uint8Array[], offsets: readonly number[] = []): Buffer {
  const form: Form = { explicit: true, big: false, open: true };
  const table = Buffer.concat(offsets.map((offset) => double(offset, form)));
  return Buffer.concat([
    ...[table, ...pieces.map((piece) => even(Buffer.from(piece), "\0"))].map((piece) =>
      bare(item, piece, form),
    ),
    bare(sequenceEnd, none, form),
  ]);
}

export interface DicomContent {
  readonly syntax?: Syntax;
  /** Another transfer syntax in the header than `syntax`; "" for none at all. */
  readonly named?: string;
  readonly width?: number;
  readonly height?: number;
  readonly allocated?: number;
  readonly stored?: number;
  readonly signed?: boolean;
  readonly photometric?: string;
  readonly samples?: number;
  readonly modality?: string;
  /** Stored samples, in the order of the file. */
  readonly values?: readonly number[];
  /** Packed pixels, in place of `values`. */
  readonly pieces?: readonly Uint8Array[];
  readonly offsets?: readonly number[];
  /** Other elements; one of a tag that is there already takes its place, one without a value takes it away. */
  readonly more?: readonly (Element | readonly [tag: number])[];
  readonly preamble?: boolean;
  readonly meta?: boolean;
  readonly open?: boolean;
}

export function writeDicom(content: DicomContent): Buffer {
  const { syntax = "explicit", width = 4, height = 3, allocated = 8, samples = 1, values = [] } = content;
  const form = { explicit: syntax !== "implicit", big: syntax === "big", open: content.open ?? false };
  const elements = new Map<number, Element>();
  const own: readonly Element[] = [
    [0x00080060, "CS", content.modality ?? "DX"],
    [0x00100010, "PN", "Roe^Jane"],
    [0x00100020, "LO", "P17"],
    [0x00280002, "US", [samples]],
    [0x00280004, "CS", content.photometric ?? (samples === 3 ? "RGB" : "MONOCHROME2")],
    [0x00280010, "US", [height]],
    [0x00280011, "US", [width]],
    [0x00280100, "US", [allocated]],
    [0x00280101, "US", [content.stored ?? allocated]],
    [0x00280102, "US", [(content.stored ?? allocated) - 1]],
    [0x00280103, "US", [content.signed === true ? 1 : 0]],
    [0x7fe00010, allocated === 8 ? "OB" : "OW", allocated === 8 ? Uint8Array.from(values) : values],
  ];
  for (const each of own) elements.set(each[0], each);
  for (const each of content.more ?? []) {
    if (each.length === 1) elements.delete(each[0]);
    else elements.set(each[0], each);
  }
  const body = [...elements.values()]
    .sort(([a], [b]) => a - b)
    .map((each) => {
      if (each[0] !== 0x7fe00010 || content.pieces === undefined) return write(each, form);
      return element(each[0], "OB", fragments(content.pieces, content.offsets), form, undefinedLength);
    });
  const uid = content.named ?? syntaxes[syntax];
  const plain: Form = { explicit: true, big: false, open: false };
  const meta = uid === "" ? none : write([0x00020010, "UI", uid], plain);
  const length = write([0x00020000, "UL", [meta.length, 0]], plain);
  const all = Buffer.concat(body);
  return Buffer.concat([
    ...(content.preamble === false ? [] : [Buffer.alloc(128), Buffer.from("DICM")]),
    ...(content.meta === false ? [] : [length, meta]),
    syntax === "deflated" ? deflateRawSync(all) : all,
  ]);
}

/** Run lengths of DICOM: a segment for each byte of a sample, the high one first, each row packed by itself. */
export function packRuns(
  values: readonly number[],
  { width, samples, bytes }: { readonly width: number; readonly samples: number; readonly bytes: 1 | 2 },
): Buffer {
  const segments: Buffer[] = [];
  for (let sample = 0; sample < samples; sample++) {
    for (let byte = bytes - 1; byte >= 0; byte--) {
      const plane = values
        .filter((_, i) => i % samples === sample)
        .map((value) => (value >> (8 * byte)) & 255);
      const rows = Array.from({ length: plane.length / width }, (_, y) =>
        packRow(plane.slice(y * width, (y + 1) * width)),
      );
      segments.push(even(Buffer.concat(rows), "\x80"));
    }
  }
  const head = Buffer.alloc(64);
  head.writeUInt32LE(segments.length, 0);
  let at = 64;
  for (const [i, segment] of segments.entries()) {
    head.writeUInt32LE(at, 4 + 4 * i);
    at += segment.length;
  }
  return Buffer.concat([head, ...segments]);
}

function packRow(row: readonly number[]): Buffer {
  const packed: number[] = [];
  for (let at = 0; at < row.length;) {
    let end = at + 1;
    while (end < row.length && row[end] === row[at] && end - at < 128) end++;
    if (end - at > 2) {
      packed.push(257 - (end - at), row[at]);
      at = end;
      continue;
    }
    // What is not a run of three, up to the next that is.
    let stop = at + 1;
    const isRun = (from: number): boolean =>
      from + 2 < row.length && row[from] === row[from + 1] && row[from] === row[from + 2];
    while (stop < row.length && stop - at < 128 && !isRun(stop)) stop++;
    packed.push(stop - at - 1, ...row.slice(at, stop));
    at = stop;
  }
  return Buffer.from(packed);
}
