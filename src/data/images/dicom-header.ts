// What the header of a DICOM file says of its image, checked: its size, its samples and how they are packed. What is not read
// is refused here, by its name and with what can be done.
import { DataError } from "../../errors/data-errors.ts";
import {
  cutShort,
  damaged,
  decimalsOf,
  firstItem,
  readDataSet,
  readShorts,
  shortsOf,
  tagText,
  textOf,
} from "./dicom-elements.ts";
import type { DataElement, DataSet, Tag } from "./dicom-elements.ts";
import { transferSyntax } from "./dicom-syntaxes.ts";
import type { Packing } from "./dicom-syntaxes.ts";

const tags = {
  sopClass: 0x00080016,
  modality: 0x00080060,
  recordSequence: 0x00041220,
  samples: 0x00280002,
  photometric: 0x00280004,
  planar: 0x00280006,
  frames: 0x00280008,
  rows: 0x00280010,
  columns: 0x00280011,
  allocated: 0x00280100,
  stored: 0x00280101,
  highBit: 0x00280102,
  representation: 0x00280103,
  padding: 0x00280120,
  paddingLimit: 0x00280121,
  windowCentre: 0x00281050,
  windowWidth: 0x00281051,
  intercept: 0x00281052,
  slope: 0x00281053,
  windowFunction: 0x00281056,
  redDescriptor: 0x00281101,
  redPalette: 0x00281201,
  segmentedRed: 0x00281221,
  modalityLookup: 0x00283000,
  windowLookup: 0x00283010,
  floatPixels: 0x7fe00008,
  doublePixels: 0x7fe00009,
  pixels: 0x7fe00010,
} as const;
const lookupDescriptor = 0x00283002;
const lookupData = 0x00283006;

const wanted = {
  tags: new Set<Tag>([
    ...Object.values(tags),
    ...[1, 2].flatMap((colour) => [tags.redDescriptor + colour, tags.redPalette + colour]),
  ]),
  last: tags.pixels,
};

/** A lookup table: what the stored value `first` and all below become, and so on; the last is for all above too. */
export interface Lookup {
  readonly first: number;
  /** Bits of an entry. */
  readonly bits: number;
  readonly entries: Uint16Array;
}

/** The file's own window (PS3.3, C.11.2), as the file has it: nobody asks whether it can be meant where the manifest names one. */
export interface FileWindow {
  readonly centre: number;
  readonly width: number;
  readonly form: string;
}

const photometrics = [
  "MONOCHROME1",
  "MONOCHROME2",
  "PALETTE COLOR",
  "RGB",
  "YBR_FULL",
  "YBR_FULL_422",
  "YBR_ICT",
  "YBR_RCT",
] as const;
export type Photometric = (typeof photometrics)[number];

export interface DicomHeader {
  readonly height: number;
  readonly width: number;
  readonly samples: 1 | 3;
  readonly photometric: Photometric;
  /** Whether uncompressed samples are stored one colour after the other. */
  readonly planar: boolean;
  /** Bits of a stored sample, 8 or 16, and the place of its value in them. */
  readonly allocated: 8 | 16;
  readonly stored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly modality: string;
  readonly packing: Packing;
  readonly littleEndian: boolean;
  /** Whether uncompressed samples of 8 bits lie two in a word, whose bytes the byte order swaps. */
  readonly inWords: boolean;
  /** Uncompressed pixels are one piece; compressed ones are without their table of offsets. */
  readonly pieces: readonly Uint8Array[];
  readonly slope: number;
  readonly intercept: number;
  readonly modalityLookup?: Lookup | undefined;
  readonly window?: FileWindow | undefined;
  readonly windowLookup?: Lookup | undefined;
  /** Stored values of what is beside the image, both ends included. */
  readonly padding?: readonly [low: number, high: number] | undefined;
  /** Red, green, blue. */
  readonly palette?: readonly Lookup[] | undefined;
}

/** Words for what holds no image, by its modality. */
const withoutPixels: Readonly<Record<string, string>> = {
  SR: "a structured report",
  PR: "a presentation state",
  KO: "a selection of key objects",
  AU: "a sound",
  DOC: "a document",
  ECG: "an electrocardiogram",
  HD: "a waveform",
  PLAN: "a treatment plan",
  REG: "a registration",
  RTPLAN: "a treatment plan",
  RTSTRUCT: "contours of a treatment plan",
  RTRECORD: "a treatment record",
};

/** @throws DataError for a file that is damaged, holds no single image, or is of a form that is not read */
export function readDicomHeader(bytes: Uint8Array, file: string): DicomHeader {
  const set = readDataSet(bytes, file, wanted);
  const { elements, littleEndian } = set;
  const fault = (how: string): DataError => damaged(file, how);
  const modality = textOf(elements, tags.modality) ?? "";
  refuseWithoutPixels(set, modality, file);
  const number = (tag: Tag, name: string, absent?: number): number => {
    const value = shortsOf(elements, tag, littleEndian)?.[0] ?? absent;
    if (value === undefined) throw fault(`it has no ${name} ${tagText(tag)}`);
    return value;
  };
  const frames = decimalsOf(elements, tags.frames, file)?.[0] ?? 1;
  if (frames !== 1) {
    throw new DataError(
      file,
      `holds ${frames} frames; files of one image are read: write each frame to a file of its own, as with dcm2pnm --all-frames --write-png`,
    );
  }
  const samples = number(tags.samples, "number of samples");
  const photometric = photometricOf(elements, file);
  if (samples !== (isColour(photometric) ? 3 : 1)) {
    throw fault(`it says ${photometric} and has ${samples} samples a pixel`);
  }
  const allocated = number(tags.allocated, "number of bits");
  if (allocated !== 8 && allocated !== 16) {
    throw new DataError(file, `has ${allocated} bits a sample; DICOM of 8 and 16 is read`);
  }
  const stored = number(tags.stored, "number of stored bits", allocated);
  const highBit = number(tags.highBit, "high bit", stored - 1);
  if (stored === 0 || highBit + 1 < stored || highBit >= allocated) {
    throw fault(`it stores ${stored} of ${allocated} bits, of which the highest is ${highBit}`);
  }
  const signed = number(tags.representation, "pixel representation", 0) === 1;
  const modalityLookup = lookupOf(set, tags.modalityLookup, signed, file);
  return {
    height: number(tags.rows, "number of rows"),
    width: number(tags.columns, "number of columns"),
    samples,
    photometric,
    planar: number(tags.planar, "planar configuration", 0) === 1,
    allocated,
    stored,
    highBit,
    signed,
    modality,
    ...piecesOf(set, file),
    slope: decimalsOf(elements, tags.slope, file)?.[0] ?? 1,
    intercept: decimalsOf(elements, tags.intercept, file)?.[0] ?? 0,
    modalityLookup,
    window: windowOf(elements, file),
    windowLookup: lookupOf(set, tags.windowLookup, signed && modalityLookup === undefined, file),
    padding: paddingOf(set, signed),
    palette: photometric === "PALETTE COLOR" ? paletteOf(set, signed, file) : undefined,
  };
}

export function isColour(photometric: Photometric): boolean {
  return !photometric.startsWith("MONOCHROME") && photometric !== "PALETTE COLOR";
}

function refuseWithoutPixels({ elements }: DataSet, modality: string, file: string): void {
  if (elements.has(tags.pixels)) return;
  if (elements.has(tags.recordSequence) || textOf(elements, tags.sopClass) === "1.2.840.10008.1.3.10") {
    throw new DataError(file, "is a DICOMDIR, a list of files, and no image");
  }
  if (elements.has(tags.floatPixels) || elements.has(tags.doublePixels)) {
    throw new DataError(file, "has pixels of 32 or 64 bits; DICOM of 8 and 16 bits is read");
  }
  if (elements.has(tags.rows)) throw cutShort(file);
  const words = withoutPixels[modality];
  const named = `its modality is ${modality.slice(0, 16)}${words === undefined ? "" : `, ${words}`}`;
  throw new DataError(file, `is DICOM without pixels: ${modality === "" ? "it names no modality" : named}`);
}

function photometricOf(elements: DataSet["elements"], file: string): Photometric {
  const word = textOf(elements, tags.photometric);
  if (word === undefined) throw damaged(file, "it has no photometric interpretation (0028,0004)");
  const photometric = photometrics.find((known) => known === word);
  if (photometric !== undefined) return photometric;
  throw new DataError(
    file,
    `has the photometric interpretation ${word.slice(0, 40)}; ${photometrics.join(", ")} are read`,
  );
}

/** How pixels are packed, and the pieces they come in. */
function piecesOf(
  { transferSyntax: uid, elements, littleEndian }: DataSet,
  file: string,
): Pick<DicomHeader, "packing" | "littleEndian" | "inWords" | "pieces"> {
  const { value, vr, items } = elements.get(tags.pixels) as DataElement;
  const form = { littleEndian, inWords: vr === "OW" };
  if (uid === undefined) {
    if (items === undefined) return { ...form, packing: "none", pieces: [value] };
    throw new DataError(
      file,
      "lacks the transfer syntax (0002,0010), and nothing else says how its pixels are packed; write it again with its meta header",
    );
  }
  const { words, packing, remedy } = transferSyntax(uid);
  if (packing === undefined) {
    throw new DataError(
      file,
      `has the transfer syntax ${uid.slice(0, 64)} (${words}), which is not read; ${remedy}`,
    );
  }
  if (items === undefined) {
    if (packing === "none") return { ...form, packing, pieces: [value] };
    throw damaged(file, `its transfer syntax is ${words}, and its pixels are in one piece`);
  }
  const pieces = items.slice(1);
  if (pieces.length === 0) throw damaged(file, "its pixels have no fragment");
  return { ...form, packing, pieces };
}

function windowOf(elements: DataSet["elements"], file: string): FileWindow | undefined {
  const centre = decimalsOf(elements, tags.windowCentre, file)?.[0];
  const width = decimalsOf(elements, tags.windowWidth, file)?.[0];
  if (centre === undefined || width === undefined) return undefined;
  return { centre, width, form: textOf(elements, tags.windowFunction) ?? "LINEAR" };
}

/** The table of a sequence's first item (PS3.3, C.11.1 and C.11.2). */
function lookupOf(set: DataSet, tag: Tag, signed: boolean, file: string): Lookup | undefined {
  const sequence = set.elements.get(tag);
  const item = sequence && firstItem(sequence, set, new Set([lookupDescriptor, lookupData]), file);
  return item && tableOf(item, lookupDescriptor, lookupData, set.littleEndian, signed, file);
}

function paletteOf(set: DataSet, signed: boolean, file: string): readonly Lookup[] {
  return [0, 1, 2].map((colour) => {
    const [descriptor, data] = [tags.redDescriptor + colour, tags.redPalette + colour];
    if (!set.elements.has(data) && set.elements.has(tags.segmentedRed)) {
      throw new DataError(file, "has a palette in segments, which is not read; write it as RGB");
    }
    return tableOf(set.elements, descriptor, data, set.littleEndian, signed, file);
  });
}

function tableOf(
  elements: ReadonlyMap<Tag, DataElement>,
  descriptorTag: Tag,
  dataTag: Tag,
  littleEndian: boolean,
  signed: boolean,
  file: string,
): Lookup {
  const descriptor = shortsOf(elements, descriptorTag, littleEndian);
  const value = elements.get(dataTag)?.value;
  if (descriptor === undefined || descriptor.length < 3 || value === undefined) {
    throw damaged(file, `its lookup table ${tagText(dataTag)} is not whole`);
  }
  const count = descriptor[0] === 0 ? 0x10000 : descriptor[0];
  const first = signed ? (descriptor[1] << 16) >> 16 : descriptor[1];
  const bits = descriptor[2];
  if (bits < 8 || bits > 16) throw damaged(file, `its lookup table ${tagText(dataTag)} has ${bits} bits`);
  // Entries of 8 bits come two in a word, or one.
  if (value.length < 2 * count) {
    if (bits !== 8 || value.length < count) {
      throw damaged(file, `its lookup table ${tagText(dataTag)} has fewer than its ${count} entries`);
    }
    const swap = littleEndian ? 0 : 1;
    return {
      first,
      bits,
      entries: Uint16Array.from({ length: count }, (_, i) => value[i ^ swap] ?? value[i]),
    };
  }
  return { first, bits, entries: readShorts(value, count, littleEndian) };
}

function paddingOf({ elements, littleEndian }: DataSet, signed: boolean): DicomHeader["padding"] {
  const [value, limit = value] = [tags.padding, tags.paddingLimit].map((tag) => {
    const number = shortsOf(elements, tag, littleEndian)?.[0];
    return number === undefined || !signed ? number : (number << 16) >> 16;
  });
  return value === undefined || limit === undefined
    ? undefined
    : [Math.min(value, limit), Math.max(value, limit)];
}
