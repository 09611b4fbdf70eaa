// Recognises the kind of a file by its first bytes, since names can be wrong (a PNG called .jpg is common in published sets).

/** A kind of file: the words for it, and whether bytes start like it. */
type Kind = readonly [words: string, matches: (bytes: Uint8Array) => boolean];

/** Latin-1 text of some bytes. */
function textAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

function starts(...signatures: readonly string[]): (bytes: Uint8Array) => boolean {
  return (bytes) => signatures.some((signature) => textAt(bytes, 0, signature.length) === signature);
}

export const isPng = starts("\x89PNG\r\n\x1a\n");
export const isJpeg = starts("\xff\xd8\xff");
export const isGif = starts("GIF87a", "GIF89a");
export const isTiff = starts("II*\0", "MM\0*", "II+\0", "MM\0+");
export const isWebp = (bytes: Uint8Array): boolean => starts("RIFF")(bytes) && textAt(bytes, 8, 4) === "WEBP";
/** Two letters begin many texts: the four bytes that are kept free must be free. */
export const isBmp = (bytes: Uint8Array): boolean =>
  starts("BM")(bytes) && textAt(bytes, 6, 4) === "\0\0\0\0";

const kinds: readonly Kind[] = [
  ["an empty file", (bytes) => bytes.length === 0],
  ["a PNG damaged by a transfer as text", starts("\x89PNG\n", "\x89PNG\r\r", "\xef\xbf\xbdPNG", "?PNG")],
  ["a piece of a PNG", starts("\x89PNG")],
  ["JPEG 2000", starts("\0\0\0\x0cjP  ", "\xff\x4f\xff\x51")],
  ["JPEG XL", starts("\0\0\0\x0cJXL ", "\xff\x0a")],
  ["HEIC or AVIF", (bytes) => textAt(bytes, 4, 4) === "ftyp"],
  ["NIfTI", (bytes) => /^n[i+]1\0$/u.test(textAt(bytes, 344, 4))],
  ["a NumPy array", starts("\x93NUMPY")],
  ["a zip archive", starts("PK\x03\x04")],
  ["a PDF", starts("%PDF")],
  ["a Git LFS pointer: fetch the content with `git lfs pull`", starts("version https://git-lfs")],
  ["a web page; was the download refused?", startsWithTag(/^<(?:!doctype html|html|head|body)/iu)],
  ["SVG or other XML", startsWithTag(/^<(?:\?xml|svg|!doctype)/iu)],
  ["PGM or PPM", (bytes) => /^P[1-6]\s/u.test(textAt(bytes, 0, 3))],
  ["nothing but zeros; was the download cut short?", (bytes) => bytes.every((byte) => byte === 0)],
  ["text", isText],
];

/** In words, what bytes that are of no kind that is read seem to be. */
export function lookAlike(bytes: Uint8Array): string {
  const kind = kinds.find(([, matches]) => matches(bytes));
  if (kind !== undefined) return kind[0];
  const first = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `something unknown (its first bytes are ${first.join(" ")})`;
}

/** After a byte order mark and white space. */
function startsWithTag(tag: RegExp): (bytes: Uint8Array) => boolean {
  return (bytes) => tag.test(textAt(bytes, 0, 512).replace(/^(?:\xef\xbb\xbf)?\s*/u, ""));
}

function isText(bytes: Uint8Array): boolean {
  return /^[\t\n\f\r\x20-\x7e\x80-\xff]+$/u.test(textAt(bytes, 0, 256));
}
