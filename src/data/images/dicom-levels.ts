// From a stored sample of a DICOM file to a grey level or colour, 0..255: the value in its bits, its rescale, the window that
// shows it, and whether bright means dense.
import { DataError } from "../../errors/data-errors.ts";
import type { DicomHeader, FileWindow, Lookup } from "./dicom-header.ts";
import type { ImageReading } from "./image.ts";

/** Modalities whose stored numbers mean something by themselves, so that the range of their bits shows nothing. */
const measured = new Set(["CT", "MR", "PT", "NM"]);

const remedy = "name what to show as `window` of the source, such as window: [-1000, 400]";

/** From a rescaled value to 0..1. */
type Shade = (value: number) => number;

/**
 * The grey level of each number that a stored sample can be.
 *
 * @returns [256] or [65,536]
 * @throws DataError where neither file nor manifest says which range of values to show
 */
export function greyLevels(header: DicomHeader, reading: ImageReading, file: string): Uint8Array {
  const { allocated, padding, photometric, slope, intercept, modalityLookup } = header;
  const shade = shadeOf(header, reading, file);
  const levels = new Uint8Array(2 ** allocated);
  const isTurned = photometric === "MONOCHROME1";
  for (let number = 0; number < levels.length; number++) {
    const value = storedValue(number, header);
    // Padding may lie outside the stored bits.
    const whole = header.signed ? (number << (32 - allocated)) >> (32 - allocated) : number;
    if (padding !== undefined && (within(value, padding) || within(whole, padding))) continue;
    const rescaled = modalityLookup === undefined ? slope * value + intercept : lookUp(modalityLookup, value);
    const shown = shade(rescaled);
    levels[number] = Math.round(255 * (isTurned ? 1 - shown : shown));
  }
  return levels;
}

const within = (value: number, [low, high]: readonly [number, number]): boolean =>
  value >= low && value <= high;

/** The value in the bits of a stored sample; other bits may hold overlays. */
export function storedValue(number: number, { stored, highBit, signed }: DicomHeader): number {
  const left = 31 - highBit;
  return signed ? (number << left) >> (32 - stored) : (number << left) >>> (32 - stored);
}

export function lookUp({ first, entries }: Lookup, value: number): number {
  return entries[Math.min(Math.max(Math.round(value) - first, 0), entries.length - 1)];
}

function shadeOf(header: DicomHeader, { window, bits }: ImageReading, file: string): Shade {
  if (window !== undefined) return between(...window);
  if (bits !== undefined) return between(...rescaledRange(header, bits));
  if (header.window !== undefined) return windowShade(header.window, file);
  const { windowLookup, modality, stored } = header;
  if (windowLookup !== undefined) {
    const most = 2 ** windowLookup.bits - 1;
    return (value) => Math.min(lookUp(windowLookup, value) / most, 1);
  }
  if (measured.has(modality) && stored > 8) {
    throw new DataError(
      file,
      `is ${modality} without a window, so that nothing says which values to show; ${remedy}`,
    );
  }
  return between(...rescaledRange(header, stored));
}

/** What the least and the greatest value of so many bits become by the rescale. */
function rescaledRange(
  { signed, slope, intercept, modalityLookup }: DicomHeader,
  bits: number,
): [low: number, high: number] {
  if (modalityLookup !== undefined) return [0, 2 ** modalityLookup.bits - 1];
  const [least, greatest] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  const ends = [slope * least + intercept, slope * greatest + intercept];
  return [Math.min(...ends), Math.max(...ends)];
}

function between(low: number, high: number): Shade {
  return (value) => clamp((value - low) / (high - low));
}

/** The formulas of PS3.3, C.11.2.1.2 and C.11.2.1.3. */
function windowShade({ centre, width, form }: FileWindow, file: string): Shade {
  if (!(width > 0) || (form === "LINEAR" && width < 1)) {
    throw new DataError(file, `has a window ${width} wide, which shows nothing; ${remedy}`);
  }
  switch (form) {
    case "SIGMOID":
      return (value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width));
    case "LINEAR_EXACT":
      return (value) => clamp((value - centre) / width + 0.5);
    case "LINEAR":
      if (width === 1) return (value) => (value <= centre - 0.5 ? 0 : 1);
      return (value) => clamp((value - (centre - 0.5)) / (width - 1) + 0.5);
    default:
      throw new DataError(
        file,
        `has a window of the form ${form.slice(0, 40)}; LINEAR, LINEAR_EXACT and SIGMOID are read: ${remedy}`,
      );
  }
}

const clamp = (share: number): number => Math.min(Math.max(share, 0), 1);
