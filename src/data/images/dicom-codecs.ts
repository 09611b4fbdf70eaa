// JPEG-LS and JPEG 2000 inside DICOM, by CharLS and OpenJPEG as WebAssembly. A codec that has met damage is not asked again:
// CharLS may hang then. Both are loaded when the first image needs them.
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { damaged } from "./dicom-elements.ts";
import { jpegFrame } from "./dicom-jpeg-frame.ts";

/** What a stream of pixels holds. */
export interface StreamSize {
  readonly height: number;
  readonly width: number;
  readonly samples: number;
  readonly bits: number;
}

export interface DecodedStream extends StreamSize {
  /** [height, width, samples], or one colour after the other where `planar` is set. */
  readonly pixels: Uint8Array | Uint16Array;
  readonly planar: boolean;
}

interface Codec {
  decode(bytes: Uint8Array): DecodedStream;
  /** Bytes that it holds. */
  readonly memory: number;
}

/** A codec's memory never shrinks: with more than this it is let go after the image. */
const mostKept = 2 ** 27;

const codecs = { "JPEG-LS": openCharls, "JPEG 2000": openOpenjpeg };
const idle = new Map<keyof typeof codecs, Codec>();

/**
 * Decodes a stream whose size was checked with `streamSize`.
 * @throws DataError where it is damaged or cut short
 */
export async function decodeStream(
  kind: keyof typeof codecs,
  bytes: Uint8Array,
  file: string,
): Promise<DecodedStream> {
  const codec = idle.get(kind) ?? (await codecs[kind]());
  idle.delete(kind); // until it has decoded
  let decoded: DecodedStream;
  try {
    decoded = codec.decode(bytes);
  } catch (cause) {
    throw new DataError(file, `holds a damaged or cut ${kind} image: ${firstLine(cause)}`, { cause });
  }
  if (codec.memory <= mostKept) idle.set(kind, codec);
  return decoded;
}

const firstLine = (cause: unknown): string => messageOf(cause).split("\n", 1)[0];

async function openCharls(): Promise<Codec> {
  const { default: open } = await import("@cornerstonejs/codec-charls/decodewasmjs");
  const charls = await open({ print: () => undefined, printErr: () => undefined });
  return {
    get memory() {
      return charls.HEAPU8.length;
    },
    decode: (bytes) => {
      const decoder = new charls.JpegLSDecoder();
      // At the end of a stream without its last marker CharLS reads on.
      const ended = new Uint8Array(bytes.length + 2);
      ended.set(bytes);
      ended.set([0xff, 0xd9], bytes.length);
      try {
        decoder.getEncodedBuffer(ended.length).set(ended);
        decoder.decode();
      } catch (thrown) {
        if (typeof thrown !== "number") throw thrown;
        throw new Error(charls.getExceptionMessage(thrown).replace(/^Invalid JPEG-LS stream[,:] /u, ""), {
          cause: thrown,
        });
      }
      const { height, width, bitsPerSample: bits, componentCount: samples } = decoder.getFrameInfo();
      const planar = samples > 1 && decoder.getInterleaveMode() === 0;
      const size = { height, width, samples, bits };
      const decoded = { ...size, planar, pixels: samplesIn(decoder.getDecodedBuffer(), size) };
      decoder.delete();
      return decoded;
    },
  };
}

async function openOpenjpeg(): Promise<Codec> {
  const { default: open } = await import("@cornerstonejs/codec-openjpeg/decodewasmjs");
  let said: string[] = [];
  const hear = (line: string): void => void said.push(line);
  const openjpeg = await open({ print: hear, printErr: hear });
  return {
    get memory() {
      return openjpeg.HEAPU8.length;
    },
    decode: (bytes) => {
      said = [];
      const decoder = new openjpeg.J2KDecoder();
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      decoder.decode();
      // It returns whatever it has, and only says what was wrong.
      const fault = said.find((line) =>
        /^\[ERROR\]|^\[WARNING\].*(?:truncat|inconsist|corrupt|short|expect)/iu.test(line),
      );
      if (fault !== undefined) throw new Error(fault.replace(/^\[\w+\] /u, "").trim());
      const { height, width, bitsPerSample: bits, componentCount: samples } = decoder.getFrameInfo();
      const size = { height, width, samples, bits };
      const decoded = { ...size, planar: false, pixels: samplesIn(decoder.getDecodedBuffer(), size) };
      decoder.delete();
      return decoded;
    },
  };
}

/** A copy of a codec's samples, which have one byte up to 8 bits, and two above. */
function samplesIn(
  buffer: Uint8Array,
  { height, width, samples, bits }: StreamSize,
): Uint8Array | Uint16Array {
  const count = height * width * samples;
  const bytes = bits <= 8 ? count : 2 * count;
  if (count === 0 || buffer.length < bytes) throw new Error("it holds no whole image");
  const own = buffer.slice(0, bytes);
  return bits <= 8 ? own : new Uint16Array(own.buffer);
}

/** What the header of a stream says, before anything of that size is made. @throws DataError where it has none */
export function streamSize(kind: keyof typeof codecs, bytes: Uint8Array, file: string): StreamSize {
  if (kind === "JPEG-LS") {
    const { height, width, precision, components } = jpegFrame(bytes, file);
    return { height, width, samples: components.length, bits: precision };
  }
  // SIZ is the first segment after the start of a codestream (ITU T.800, A.5.1); in a JP2 file boxes come before it.
  const start = codestreamStart(bytes);
  if (start === undefined || start + 42 > bytes.length) {
    throw damaged(file, "it holds a JPEG 2000 image without its header");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  const [right, bottom, left, top] = [8, 12, 16, 20].map((at) => view.getUint32(at));
  const samples = view.getUint16(40);
  let bits = 0;
  for (let at = 42; at < 42 + 3 * samples; at += 3) {
    if (at + 3 > view.byteLength) throw damaged(file, "it holds a JPEG 2000 image without its header");
    bits = Math.max(bits, (view.getUint8(at) & 127) + 1);
    // Smaller components are enlarged by nobody here.
    if (view.getUint8(at + 1) === 1 && view.getUint8(at + 2) === 1) continue;
    throw new DataError(file, "holds a JPEG 2000 image whose components differ in size, which is not read");
  }
  return { height: bottom - top, width: right - left, samples, bits };
}

function codestreamStart(bytes: Uint8Array): number | undefined {
  const isStart = (at: number): boolean =>
    bytes[at] === 0xff && bytes[at + 1] === 0x4f && bytes[at + 2] === 0xff && bytes[at + 3] === 0x51;
  if (isStart(0)) return 0;
  for (let at = 0; at < Math.min(bytes.length, 2 ** 16); at++) if (isStart(at)) return at;
  return undefined;
}
