// The numbers of a mask by its own bytes, read by the letter of each format and by nothing that Tessera reads with: what damaged
// copies that still read are compared with. It knows what the samples are made of and what damage makes of that.
//
// Each takes the bytes of a file and gives { height, width, values }, or throws where the file does not have them.
import { inflateSync } from "node:zlib";

class Missing extends Error {}

/** Grey or a palette in one pass. */
export function pngNumbers(bytes) {
  let header;
  const packed = [];
  for (let at = 8, type; type !== "IEND"; at += 12 + bytes.readUInt32BE(at)) {
    type = bytes.toString("latin1", at + 4, at + 8);
    const content = bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at));
    if (type === "IHDR") header = content;
    if (type === "IDAT") packed.push(content);
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colourType, , , interlaced] = header.subarray(8);
  if ((colourType !== 0 && colourType !== 3) || interlaced !== 0) throw new Missing("numbers of one pass");
  const rows = unfiltered(inflateSync(Buffer.concat(packed)), height, width, depth);
  const values = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) values.push(bitsAt(rows[y], x * depth, depth));
  }
  return { height, width, values };
}

/** Section 9 of the specification of PNG, for one sample a pixel. */
function unfiltered(filtered, height, width, depth) {
  const stride = Math.ceil((width * depth) / 8);
  const step = Math.max(1, depth / 8);
  const rows = [];
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (stride + 1)];
    const row = Buffer.from(filtered.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    if (row.length < stride || filter > 4) throw new Missing(`row ${y}`);
    for (let i = 0; i < stride; i++) {
      const [a, b, c] = [row[i - step] ?? 0, above[i], above[i - step] ?? 0];
      const [toA, toB, toC] = [a, b, c].map((each) => Math.abs(a + b - c - each));
      const paeth = toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
      row[i] += [0, a, b, Math.floor((a + b) / 2), paeth][filter];
    }
    rows.push((above = row));
  }
  return rows;
}

/** A number of some bits, the highest first. */
function bitsAt(row, bit, depth) {
  if (depth === 16) return row.readUInt16BE(bit / 8);
  return (row[bit >> 3] >> (8 - depth - (bit % 8))) & (2 ** depth - 1);
}

/** Grey of 8 or 16 bits that is not packed, in strips. */
export function tiffNumbers(bytes) {
  const big = bytes[0] === 0x4d;
  const reads = {
    1: [1, (at) => bytes[at]],
    3: [2, (at) => (big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at))],
    4: [4, (at) => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))],
  };
  const [, short] = reads[3];
  const [, long] = reads[4];
  // With a sign, which the small numbers of these fields never have.
  [reads[6], reads[8], reads[9]] = [reads[1], reads[3], reads[4]];
  const fields = new Map();
  const start = long(4);
  for (let i = 0, at = start + 2; i < short(start); i++, at += 12) {
    const tag = short(at);
    const [length, read] = reads[short(at + 2)] ?? [0];
    // Of two fields of one tag, the first counts.
    if (length === 0 || fields.has(tag)) continue;
    const many = long(at + 4);
    const place = many * length <= 4 ? at + 8 : long(at + 8);
    if (place + many * length > bytes.length) continue;
    fields.set(
      tag,
      Array.from({ length: many }, (_, k) => read(place + k * length)),
    );
  }
  const one = (tag, otherwise) => fields.get(tag)?.[0] ?? otherwise;
  const [width, height, bits] = [one(256), one(257), one(258, 1)];
  const plain = one(259, 1) === 1 && one(262) === 1 && one(277, 1) === 1 && one(339, 1) === 1;
  if (!plain || (bits !== 8 && bits !== 16) || one(266, 1) !== 1)
    throw new Missing("grey of 8 or 16 bits that is not packed");
  const offsets = fields.get(273);
  const perStrip = Math.min(one(278, height), height);
  const read = bits === 8 ? reads[1][1] : short;
  const values = [];
  for (let y = 0; y < height; y++) {
    const row = offsets[Math.floor(y / perStrip)] + (y % perStrip) * width * (bits / 8);
    for (let x = 0; x < width; x++) values.push(read(row + x * (bits / 8)));
  }
  if (values.includes(undefined)) throw new Missing("all pixels");
  return upright({ height, width, values }, one(274, 1));
}

/** Orientations that keep height and width; a mask that is turned by a quarter does not have the size of its image. */
function upright({ height, width, values }, orientation) {
  const mirrored = orientation === 2 || orientation === 3;
  const upsideDown = orientation === 3 || orientation === 4;
  const at = (i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return (upsideDown ? height - 1 - y : y) * width + (mirrored ? width - 1 - x : x);
  };
  return { height, width, values: values.map((_, i) => values[at(i)]) };
}

/** A palette's places of 1, 4 or 8 bits. */
export function bmpNumbers(bytes) {
  const start = bytes.readUInt32LE(10);
  const core = bytes.readUInt32LE(14) === 12;
  const width = core ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const rows = core ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const depth = bytes.readUInt16LE(core ? 24 : 28);
  if (depth > 8) throw new Missing("places in a palette");
  const height = Math.abs(rows);
  const stride = 4 * Math.ceil((width * depth) / 32);
  const values = [];
  for (let y = 0; y < height; y++) {
    const at = start + stride * (rows < 0 ? y : height - 1 - y);
    if (at + stride > bytes.length) throw new Missing(`row ${y}`);
    for (let x = 0; x < width; x++) values.push(bitsAt(bytes.subarray(at, at + stride), x * depth, depth));
  }
  return { height, width, values };
}

/** Colours as "#804080" of the one picture of a GIF, which covers all of it. What is transparent has a colour, too. */
export function gifColours(bytes) {
  const [width, height] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  const tableLength = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + tableLength(bytes[10]);
  let palette = bytes.subarray(13, at);
  /** The blocks from `at` on, which end with an empty one; a reader has no use for what is cut off behind the last pixel. */
  const blocks = () => {
    const parts = [];
    for (; at < bytes.length && bytes[at] > 0; at += 1 + bytes[at])
      parts.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
    at++;
    return Buffer.concat(parts);
  };
  while (bytes[at] === 0x21) {
    at += 2;
    blocks();
  }
  if (bytes[at] !== 0x2c) throw new Missing("a picture");
  const [left, top, across, down] = [1, 3, 5, 7].map((skip) => bytes.readUInt16LE(at + skip));
  if (left > 0 || top > 0 || across < width || down < height) throw new Missing("a colour of every pixel");
  const flags = bytes[at + 9];
  at += 10;
  if (flags & 0x80) palette = bytes.subarray(at, at + tableLength(flags));
  at += tableLength(flags);
  const bits = bytes[at++];
  const places = unpackedLzw(blocks(), bits, across * down);
  const colour = (place) => {
    if (3 * place + 3 > palette.length) throw new Missing(`the colour ${place}`);
    return `#${palette.toString("hex", 3 * place, 3 * place + 3)}`;
  };
  const rows = flags & 0x40 ? interlacedRows(down) : [...Array(down).keys()];
  const values = Array(width * height);
  for (const [i, y] of rows.entries()) {
    if (y >= height) continue;
    for (let x = 0; x < width; x++) values[y * width + x] = colour(places[i * across + x]);
  }
  return { height, width, values };
}

/** The rows in the order of the file. */
function interlacedRows(height) {
  const rows = [...Array(height).keys()];
  return [
    ...rows.filter((y) => y % 8 === 0),
    ...rows.filter((y) => y % 8 === 4),
    ...rows.filter((y) => y % 4 === 2),
    ...rows.filter((y) => y % 2 === 1),
  ];
}

/** Appendix F of the specification of GIF. */
function unpackedLzw(packed, bits, count) {
  if (bits < 1 || bits > 8) throw new Missing("codes of 1 to 8 bits");
  const [clear, end] = [2 ** bits, 2 ** bits + 1];
  const out = [];
  let [table, size, before] = [[], 0, undefined];
  for (let bit = 0; out.length < count;) {
    if (table.length === 0) {
      table = [...Array.from({ length: clear }, (_, i) => [i]), [], []];
      size = bits + 1;
      before = undefined;
    }
    if (bit + size > 8 * packed.length) throw new Missing("all pixels");
    let code = 0;
    for (let i = 0; i < size; i++, bit++) code |= ((packed[bit >> 3] >> (bit & 7)) & 1) << i;
    if (code === clear) {
      table = [];
      continue;
    }
    if (code === end || code > table.length || (before === undefined && code > end))
      throw new Missing("all pixels");
    const text = table[code] ?? [...before, before[0]];
    out.push(...text);
    if (before !== undefined && table.length < 4096) table.push([...before, text[0]]);
    if (table.length === 2 ** size && size < 12) size++;
    before = text;
  }
  return out.slice(0, count);
}
