// Small valid DICOM files of every transfer syntax that is read, and where in them lengths and sizes stand.
import { createRequire } from "node:module";
import { deflateRawSync, inflateRawSync } from "node:zlib";

const require = createRequire(import.meta.url);
const size = { width: 24, height: 20 };
const count = size.width * size.height;
const valueOf = (i, version) => 40 * (i % size.width) + 23 * Math.floor(i / size.width) + 13 * version;

const root = "1.2.840.10008.1.2";
const words = (...numbers) => Buffer.from(Uint16Array.from(numbers).buffer);
const padded = (text, filling = " ") => Buffer.from(text.length % 2 === 0 ? text : text + filling);

function element(tag, vr, value, { explicit, big }, length = value.length) {
  const head = Buffer.alloc(explicit ? (["OB", "OW", "SQ"].includes(vr) ? 12 : 8) : 8);
  const write = (number, at, bytes) =>
    big ? head.writeUIntBE(number, at, bytes) : head.writeUIntLE(number, at, bytes);
  write(Math.floor(tag / 0x10000), 0, 2);
  write(tag % 0x10000, 2, 2);
  if (explicit) head.write(vr, 4);
  if (head.length === 12) write(length, 8, 4);
  else write(length, explicit ? 6 : 4, explicit ? 2 : 4);
  const swaps = big && (vr === "US" || vr === "OW");
  return Buffer.concat([head, swaps ? Buffer.from(value).swap16() : value]);
}

const bare = { explicit: false, big: false };
const item = (content) =>
  element(
    0xfffee000,
    "",
    content.length % 2 === 0 ? content : Buffer.concat([content, Buffer.alloc(1)]),
    bare,
  );
const sequenceEnd = element(0xfffee0dd, "", Buffer.alloc(0), bare);

/** @param pixels words of 12 bits, or { colours, packed }, or { bytes } with their colours; `more` are elements before them */
function write(syntax, form, pixels, more = []) {
  const { colours, packed, bytes = pixels } = pixels;
  const bits = colours ? 8 : 16;
  const window = (tag, text) => element(tag, "DS", padded(text), form);
  const number = (tag, value) => element(tag, "US", words(value), form);
  const body = [
    element(0x00080060, "CS", padded("DX"), form),
    // An item of a length of its own, within a sequence without one.
    element(
      0x00081140,
      "SQ",
      Buffer.concat([
        element(0xfffee000, "", number(0x00280010, 1), { ...form, explicit: false }),
        element(0xfffee0dd, "", Buffer.alloc(0), { ...form, explicit: false }),
      ]),
      form,
      0xffffffff,
    ),
    element(0x00100020, "LO", padded("P1"), form),
    number(0x00280002, colours ? 3 : 1),
    element(0x00280004, "CS", padded(pixels.photometric ?? (colours ? "RGB" : "MONOCHROME1")), form),
    number(0x00280010, size.height),
    number(0x00280011, size.width),
    number(0x00280100, bits),
    number(0x00280101, colours ? 8 : 12),
    number(0x00280102, colours ? 7 : 11),
    number(0x00280103, 0),
    ...(colours || pixels.bare ? [] : [window(0x00281050, "1000"), window(0x00281051, "1500.5")]),
    ...more,
    packed === undefined
      ? element(0x7fe00010, "OW", bytes, form)
      : element(
          0x7fe00010,
          "OB",
          Buffer.concat([
            item(Buffer.alloc(0)),
            item(packed.subarray(0, 64)),
            item(packed.subarray(64)),
            sequenceEnd,
          ]),
          form,
          0xffffffff,
        ),
  ];
  const all = Buffer.concat(body);
  const meta = element(0x00020010, "UI", padded(root + syntax, "\0"), { explicit: true, big: false });
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    meta,
    syntax === ".1.99" ? deflateRawSync(all) : all,
  ]);
}

const grey = (version) => words(...Array.from({ length: count }, (_, i) => valueOf(i, version)));
const explicit = { explicit: true, big: false };

/** A table of so many entries, as what it describes and what it holds. */
const lookup = (descriptor, data, version, entries = 256) => [
  element(descriptor, "US", words(entries, 0, 16), explicit),
  element(
    data,
    "OW",
    words(...Array.from({ length: entries }, (_, i) => (257 * i + version) % 65536)),
    explicit,
  ),
];
const palette = (version) =>
  [0, 1, 2].flatMap((colour) => lookup(0x00281101 + colour, 0x00281201 + colour, version + colour));
/** A sequence of one item with a table. */
const lookupSequence = (tag, version, entries) =>
  element(
    tag,
    "SQ",
    element(0xfffee000, "", Buffer.concat(lookup(0x00283002, 0x00283006, version, entries)), {
      ...explicit,
      explicit: false,
    }),
    explicit,
  );
const halved = (version) =>
  Buffer.from(Array.from({ length: 2 * count }, (_, i) => valueOf(i, version) % 256));

/** Run lengths of two planes, of which every piece is a copy of 24 bytes. */
function runs(version) {
  const bytes = grey(version);
  const plane = (odd) =>
    Array.from({ length: size.height }, (_, y) => [
      size.width - 1,
      ...Array.from({ length: size.width }, (_, x) => bytes[2 * (y * size.width + x) + odd]),
    ]).flat();
  const [high, low] = [plane(1), plane(0)];
  const head = Buffer.alloc(64);
  for (const [i, number] of [2, 64, 64 + high.length].entries()) head.writeUInt32LE(number, 4 * i);
  return Buffer.concat([head, Buffer.from([...high, ...low])]);
}

/** Lossless JPEG of 12 bits with the left sample as prediction, and codes of five bits for all sizes. */
function lossless(version) {
  const segment = (code, ...content) => [0xff, code, 0, content.length + 2, ...content];
  const head = [
    ...[0xff, 0xd8, ...segment(0xc3, 12, 0, size.height, 0, size.width, 1, 1, 0x11, 0)],
    ...segment(0xc4, 0, 0, 0, 0, 0, 17, ...Array(11).fill(0), ...Array.from({ length: 17 }, (_, i) => i)),
    ...segment(0xda, 1, 1, 0, 1, 0, 0),
  ];
  let bits = "";
  for (let i = 0; i < count; i++) {
    const above = i < size.width ? 2048 : valueOf(i - size.width, version);
    const step = valueOf(i, version) - (i % size.width === 0 ? above : valueOf(i - 1, version));
    const length = step === 0 ? 0 : Math.floor(Math.log2(Math.abs(step))) + 1;
    bits += length.toString(2).padStart(5, "0");
    if (length > 0) bits += (step > 0 ? step : step + 2 ** length - 1).toString(2).padStart(length, "0");
  }
  const bytes = bits.match(/.{1,8}/gu).map((byte) => parseInt(byte.padEnd(8, "1"), 2));
  return Buffer.from([...head, ...bytes.flatMap((byte) => (byte === 255 ? [255, 0] : [byte])), 0xff, 0xd9]);
}

async function encoded(codec, encoder, version) {
  const made = await require(codec)({ print: () => undefined, printErr: () => undefined });
  const work = new made[encoder]();
  const frame = { ...size, bitsPerSample: 12, componentCount: 1, isSigned: false };
  work.setDecompositions?.(2); // of JPEG 2000: more do not fit into 20 rows
  work.getDecodedBuffer(frame).set(grey(version));
  work.encode();
  return Buffer.from(work.getEncodedBuffer());
}

/** The values of elements with a size or a number of bits, and the lengths of all that have their names. */
function places(bytes) {
  const found = [];
  for (let at = 132; at + 8 <= bytes.length; at++) {
    const vr = bytes.toString("latin1", at + 4, at + 6);
    if (["US", "CS", "DS", "LO", "UI"].includes(vr)) {
      found.push({ at: at + 6, length: 2, kind: "little" });
      if (vr === "US") found.push({ at: at + 8, length: 2, kind: "little" });
    } else if (["OB", "OW", "SQ"].includes(vr) || bytes.readUInt32LE(at) === 0xe000fffe) {
      found.push({ at: at + (vr in { OB: 1, OW: 1, SQ: 1 } ? 8 : 4), length: 4, kind: "little" });
    }
  }
  return found;
}

const sample = (make, inside) => ({
  write: async (version) => ({ image: await make(version) }),
  places,
  inside,
});

/** Half of the copies are damaged before they are deflated. */
function withinDeflated(bytes, other) {
  const start = bytes.indexOf(".1.99") + 5;
  const open = (file) => inflateRawSync(file.subarray(start));
  return {
    bytes: open(bytes),
    other: open(other),
    places: () => [],
    close: (changed) => Buffer.concat([bytes.subarray(0, start), deflateRawSync(changed)]),
  };
}

/** @param jpeg a JPEG of a version, of 24 x 20 pixels in colour */
export const dicomSamples = (jpeg) => ({
  "DICOM implicit": sample((version) => write("", bare, grey(version))),
  "DICOM explicit": sample((version) => write(".1", explicit, grey(version))),
  "DICOM big endian": sample((version) => write(".2", { explicit: true, big: true }, grey(version))),
  "DICOM deflated": sample((version) => write(".1.99", explicit, grey(version)), withinDeflated),
  "DICOM palette": sample((version) =>
    write(
      ".1",
      explicit,
      { bytes: grey(version), photometric: "PALETTE COLOR", bare: true },
      palette(version),
    ),
  ),
  "DICOM YBR 422": sample((version) =>
    write(".1", explicit, { bytes: halved(version), colours: true, photometric: "YBR_FULL_422" }),
  ),
  "DICOM tables": sample((version) =>
    write(".1", explicit, { bytes: grey(version), bare: true }, [
      lookupSequence(0x00283000, version, 4096),
      lookupSequence(0x00283010, version, 300),
    ]),
  ),
  "DICOM run lengths": sample((version) => write(".5", explicit, { packed: runs(version) })),
  "DICOM JPEG": sample(async (version) =>
    write(".4.50", explicit, { colours: true, packed: await jpeg(version) }),
  ),
  "DICOM lossless JPEG": sample((version) => write(".4.70", explicit, { packed: lossless(version) })),
  "DICOM JPEG-LS": sample(async (version) =>
    write(".4.80", explicit, {
      packed: await encoded("@cornerstonejs/codec-charls/wasmjs", "JpegLSEncoder", version),
    }),
  ),
  "DICOM JPEG 2000": sample(async (version) =>
    write(".4.90", explicit, {
      packed: await encoded("@cornerstonejs/codec-openjpeg/wasmjs", "J2KEncoder", version),
    }),
  ),
});
