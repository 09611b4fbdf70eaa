// Writes small TIFF and BMP files by hand, field by field, of kinds that no library here writes.

export interface TiffContent {
  readonly width: number;
  readonly height: number;
  /** Samples a pixel, interleaved; each of `bits`. */
  readonly samples: number;
  readonly bits: 8 | 16 | 32;
  readonly values: readonly number[];
  /** 0 white is zero, 1 black is zero, 2 RGB. Default: by the number of samples. */
  readonly photometric?: number;
  /** 1 whole numbers, 2 with a sign, 3 floating point. */
  readonly format?: number;
  readonly orientation?: number;
  readonly pages?: number;
}

/** Uncompressed, in the order of Intel, one strip a page. */
export function writeTiff(content: TiffContent): Buffer {
  const { width, height, samples, bits, values, format = 1, orientation = 1, pages = 1 } = content;
  const photometric = content.photometric ?? (samples >= 3 ? 2 : 1);
  const strip = Buffer.alloc((values.length * bits) / 8);
  for (const [i, value] of values.entries()) {
    if (bits === 8) strip[i] = value;
    else if (bits === 16) strip.writeUInt16LE(value, 2 * i);
    else if (format === 3) strip.writeFloatLE(value, 4 * i);
    else strip.writeUInt32LE(value, 4 * i);
  }
  const extra = samples === 2 || samples === 4 ? [[338, 3, 2] as const] : [];
  const parts: Buffer[] = [Buffer.from("II*\0\0\0\0\0", "latin1")];
  let at = 8;
  let link = { part: parts[0], at: 4 };
  for (let page = 0; page < pages; page++) {
    const bitsAt = at + strip.length;
    const fields = [
      [256, 3, width],
      [257, 3, height],
      [258, 3, bits],
      [259, 3, 1],
      [262, 3, photometric],
      [273, 4, at],
      [274, 3, orientation],
      [277, 3, samples],
      [278, 3, height],
      [279, 4, strip.length],
      ...extra,
      [339, 3, format],
    ] as const;
    const many = Buffer.alloc(2 * samples);
    for (let i = 0; i < samples; i++) many.writeUInt16LE(bits, 2 * i);
    const directory = Buffer.alloc(2 + 12 * fields.length + 4);
    directory.writeUInt16LE(fields.length, 0);
    for (const [i, [tag, type, value]] of fields.entries()) {
      const place = 2 + 12 * i;
      const listed = samples > 2 && (tag === 258 || tag === 339);
      directory.writeUInt16LE(tag, place);
      directory.writeUInt16LE(type, place + 2);
      directory.writeUInt32LE(tag === 258 ? samples : 1, place + 4);
      if (tag === 258 && listed) directory.writeUInt32LE(bitsAt, place + 8);
      else if (tag === 258 && samples === 2) directory.writeUInt32LE(bits * 65_537, place + 8);
      else if (type === 3) directory.writeUInt16LE(value, place + 8);
      else directory.writeUInt32LE(value, place + 8);
    }
    link.part.writeUInt32LE(bitsAt + many.length, link.at);
    parts.push(strip, many, directory);
    link = { part: directory, at: directory.length - 4 };
    at = bitsAt + many.length + directory.length;
  }
  return Buffer.concat(parts);
}

export interface BmpContent {
  readonly width: number;
  /** Negative: its first row is the top one. */
  readonly height: number;
  readonly bits: number;
  /** The bytes of each row in the order of the file, without what fills it up to 4 bytes. */
  readonly rows: readonly (readonly number[])[];
  /** Blue, green, red and a zero of each colour. */
  readonly palette?: readonly number[];
  readonly compression?: number;
  /** Of the bit fields: red, green, blue, opacity. */
  readonly masks?: readonly number[];
}

export function writeBmp({
  width,
  height,
  bits,
  rows,
  palette = [],
  compression = 0,
  masks,
}: BmpContent): Buffer {
  const length = masks === undefined ? 40 : 56;
  const head = Buffer.alloc(14 + length);
  const lines = rows.map((row) =>
    Buffer.concat([Buffer.from(row), Buffer.alloc((4 - (row.length % 4)) % 4)]),
  );
  head.write("BM", 0, "latin1");
  head.writeUInt32LE(head.length + palette.length, 10);
  head.writeUInt32LE(length, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  head.writeUInt32LE(palette.length / 4, 46);
  for (const [i, mask] of (masks ?? []).entries()) head.writeUInt32LE(mask >>> 0, 54 + 4 * i);
  const bytes = Buffer.concat([head, Buffer.from(palette), ...lines]);
  bytes.writeUInt32LE(bytes.length, 2);
  return bytes;
}
