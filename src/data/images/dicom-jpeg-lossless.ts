// Decodes lossless JPEG (ITU T.81, annex H: process 14, all predictors, 2 to 16 bits), which X-ray archives use and no package
// at hand decodes safely: the one in JavaScript reads on past the end of its input.
import { brokenOff, walkSegments, wrongJpeg } from "./dicom-jpeg-frame.ts";
import type { JpegFrame } from "./dicom-jpeg-frame.ts";

/** For each of the 65,536 next words of 16 bits: the length of the code it starts with times 256, plus what it means. */
type CodeTable = Uint16Array;

interface Scan {
  /** Places of its components in a pixel. */
  readonly components: readonly number[];
  readonly tables: readonly CodeTable[];
  readonly predictor: number;
  /** Bits that were shifted out of every sample. */
  readonly pointTransform: number;
  /** Rows between two restarts; Infinity for none. */
  readonly restartRows: number;
}

/**
 * @param bytes the stream from its first marker
 * @param frame its frame header, of process 0xc3, with a size that was checked
 * @returns [height, width, components], interleaved
 * @throws DataError where it is damaged or cut short
 */
export function decodeLossless(bytes: Uint8Array, frame: JpegFrame, file: string): Uint8Array | Uint16Array {
  const { height, width, precision, components } = frame;
  if (precision < 2 || precision > 16) throw wrongJpeg(file, `it names ${precision} bits a sample`);
  if (components.some(({ across, down }) => across !== 1 || down !== 1)) {
    throw wrongJpeg(file, "its components are of different size, which lossless ones are not");
  }
  const length = height * width * components.length;
  const pixels = precision > 8 ? new Uint16Array(length) : new Uint8Array(length);
  const tables: (CodeTable | undefined)[] = [];
  const missing = new Set(components.keys());
  let restart = 0;
  const readScan = (content: Uint8Array): Scan => {
    const count = content[0];
    if (count === 0 || content.length < 1 + 2 * count + 3) throw wrongJpeg(file, "its scan header is wrong");
    const pairs = Array.from({ length: count }, (_, i) => content.subarray(1 + 2 * i, 3 + 2 * i));
    const places = pairs.map(([id]) => components.findIndex((component) => component.id === id));
    const used = pairs.map(([, selector]) => tables[selector >> 4]);
    const [predictor, , transform] = content.subarray(1 + 2 * count);
    if (places.some((place) => !missing.delete(place)))
      throw wrongJpeg(file, "its scan names other components");
    if (used.includes(undefined)) throw wrongJpeg(file, "its scan names a code table that is not there");
    if (predictor < 1 || predictor > 7) throw wrongJpeg(file, `it names the predictor ${predictor}`);
    if ((transform & 15) >= precision) throw wrongJpeg(file, "it shifts all bits out");
    // A unit is one sample of each component of the scan, in rows of `width` (H.1.1).
    if (restart % width !== 0) throw wrongJpeg(file, "it restarts within a row");
    return {
      components: places,
      tables: used as CodeTable[],
      predictor,
      pointTransform: transform & 15,
      restartRows: restart === 0 ? Infinity : restart / width,
    };
  };
  let at = 2;
  while (missing.size > 0) {
    let scan: Scan | undefined;
    walkSegments(bytes, at, file, (code, content, next) => {
      at = next;
      if (code === 0xc4) readTables(content, tables, file);
      else if (code === 0xdd) restart = (content[0] << 8) | content[1];
      else if (code === 0xda) scan = readScan(content);
      else if (code === 0xd9) throw brokenOff(file);
      return scan !== undefined;
    });
    if (scan === undefined) continue;
    const bits = decodeScan(bytes, at, scan, frame, pixels, file);
    if (missing.size > 0) at = bits.marker().next - 2;
  }
  return pixels;
}

/** A segment of code tables (T.81, B.2.4.2 and annex C). */
function readTables(content: Uint8Array, tables: (CodeTable | undefined)[], file: string): void {
  for (let at = 0; at < content.length;) {
    const place = content[at] & 15;
    const counts = content.subarray(at + 1, at + 17);
    const values = content.subarray(at + 17, at + 17 + counts.reduce((sum, count) => sum + count, 0));
    at += 17 + values.length;
    const table = new Uint16Array(0x10000);
    let code = 0;
    let value = 0;
    for (const [i, count] of counts.entries()) {
      const spread = 1 << (15 - i); // words of 16 bits that start with one code of this length
      for (let n = 0; n < count; n++, value++, code += spread) {
        if (code + spread > 0x10000 || value >= values.length || values[value] > 16) {
          throw wrongJpeg(file, "a code table is wrong");
        }
        table.fill(((i + 1) << 8) | values[value], code, code + spread);
      }
    }
    if (place > 3 || counts.length < 16) throw wrongJpeg(file, "a code table is wrong");
    tables[place] = table;
  }
}

/** The bits of a scan, without the zeros after 0xff; past a marker or the end there are only zeros. */
class ScanBits {
  readonly #bytes: Uint8Array;
  readonly #file: string;
  #at: number;
  #held = 0;
  /** How many bits are held; the lowest ones. */
  #count = 0;
  /** Bits that were made up behind the end. */
  #madeUp = 0;

  constructor(bytes: Uint8Array, at: number, file: string) {
    this.#bytes = bytes;
    this.#at = at;
    this.#file = file;
  }

  /** The next 16 bits. */
  peek(): number {
    while (this.#count < 16) {
      const byte = this.#bytes[this.#at];
      const isMarker = byte === 0xff && this.#bytes[this.#at + 1] !== 0;
      if (byte === undefined || isMarker) this.#madeUp += 8;
      else this.#at += byte === 0xff ? 2 : 1;
      this.#held = ((this.#held << 8) | (byte === undefined || isMarker ? 0 : byte)) & 0xffffff;
      this.#count += 8;
    }
    return (this.#held >>> (this.#count - 16)) & 0xffff;
  }

  skip(bits: number): void {
    this.#count -= bits;
    if (this.#count < this.#madeUp) throw brokenOff(this.#file);
  }

  /** Goes to the marker that ends this piece, and gives its code and the place behind it. */
  marker(): { readonly code: number; readonly next: number } {
    let at = this.#at;
    while (this.#bytes[at] === 0xff && this.#bytes[at + 1] === 0xff) at++;
    if (at + 2 > this.#bytes.length) throw brokenOff(this.#file);
    if (this.#bytes[at] !== 0xff || this.#bytes[at + 1] === 0) {
      throw wrongJpeg(this.#file, "it holds more than its pixels");
    }
    return { code: this.#bytes[at + 1], next: at + 2 };
  }
}

/** @returns what follows the scan */
function decodeScan(
  bytes: Uint8Array,
  start: number,
  scan: Scan,
  { height, width, precision, components: { length: step } }: JpegFrame,
  pixels: Uint8Array | Uint16Array,
  file: string,
): ScanBits {
  const { components, tables, predictor, pointTransform, restartRows } = scan;
  const mask = 2 ** (precision - pointTransform) - 1;
  const middle = 2 ** (precision - pointTransform - 1);
  const up = width * step;
  let bits = new ScanBits(bytes, start, file);
  let first = 0; // row of the last restart
  for (let y = 0; y < height; y++) {
    if (y - first === restartRows) {
      const { code, next } = bits.marker();
      if (code < 0xd0 || code > 0xd7) throw wrongJpeg(file, "a restart is missing");
      bits = new ScanBits(bytes, next, file);
      first = y;
    }
    for (let x = 0; x < width; x++) {
      for (let i = 0; i < components.length; i++) {
        const at = (y * width + x) * step + components[i];
        let predicted: number;
        if (y === first) predicted = x === 0 ? middle : pixels[at - step];
        else if (x === 0) predicted = pixels[at - up];
        else predicted = predict(predictor, pixels[at - step], pixels[at - up], pixels[at - up - step]);
        // Differences are modulo 2^16; a stream that is right stays within its precision.
        pixels[at] = (predicted + difference(bits, tables[i], file)) & mask;
      }
    }
  }
  if (pointTransform > 0) {
    for (const component of components) {
      for (let at = component; at < pixels.length; at += step) pixels[at] <<= pointTransform;
    }
  }
  return bits;
}

/** T.81, table H.1: a left, b above, c left above. */
function predict(predictor: number, a: number, b: number, c: number): number {
  switch (predictor) {
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    default:
      return (a + b) >> 1;
  }
}

function difference(bits: ScanBits, table: CodeTable, file: string): number {
  const entry = table[bits.peek()];
  if (entry === 0) throw wrongJpeg(file, "it has a code that its table has not");
  bits.skip(entry >> 8);
  const size = entry & 255;
  if (size === 0) return 0;
  if (size === 16) return 32768; // without further bits
  const value = bits.peek() >> (16 - size);
  bits.skip(size);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}
