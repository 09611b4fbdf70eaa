// Unpacks the run lengths of DICOM (PS3.5, annex G): one segment for each byte of a sample, the high bytes first.
import { cutShort, damaged } from "./dicom-elements.ts";

const headerBytes = 64;
const mostSegments = 15;

/**
 * @param bytesEach bytes of a sample, 1 or 2
 * @returns [count, samples], interleaved
 * @throws DataError where it is damaged, or has fewer samples
 */
export function unpackRuns(
  packed: Uint8Array,
  count: number,
  samples: number,
  bytesEach: 1 | 2,
  file: string,
): Uint8Array | Uint16Array {
  if (packed.length < headerBytes) throw cutShort(file);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const segments = view.getUint32(0, true);
  if (segments > mostSegments || segments !== samples * bytesEach) {
    throw damaged(file, `its run lengths have ${segments} segments for ${samples * bytesEach} bytes a pixel`);
  }
  const unpacked = bytesEach === 1 ? new Uint8Array(count * samples) : new Uint16Array(count * samples);
  const starts = Array.from({ length: segments }, (_, i) => view.getUint32(4 + 4 * i, true));
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? packed.length;
    if (start < headerBytes || end < start) throw damaged(file, "the places of its segments are wrong");
    if (end > packed.length) throw cutShort(file);
    const shift = bytesEach === 2 && i % 2 === 0 ? 8 : 0;
    addSegment(packed.subarray(start, end), unpacked, Math.floor(i / bytesEach), samples, shift, file);
  }
  return unpacked;
}

/** Adds the bytes of a segment, shifted, to every `step`-th number from `first` on. */
function addSegment(
  segment: Uint8Array,
  unpacked: Uint8Array | Uint16Array,
  first: number,
  step: number,
  shift: number,
  file: string,
): void {
  let to = first;
  for (let at = 0; to < unpacked.length;) {
    if (at >= segment.length) throw cutShort(file);
    const control = segment[at++];
    if (control === 128) continue;
    const isRun = control > 128;
    const length = isRun ? 257 - control : control + 1;
    if (at + (isRun ? 1 : length) > segment.length) throw cutShort(file);
    // Rows are packed one by one: a run that goes beyond the last pixel is damage.
    if (to + (length - 1) * step >= unpacked.length)
      throw damaged(file, "it unpacks to more than its pixels");
    for (let i = 0; i < length; i++, to += step) unpacked[to] |= segment[isRun ? at : at + i] << shift;
    at += isRun ? 1 : length;
  }
}
