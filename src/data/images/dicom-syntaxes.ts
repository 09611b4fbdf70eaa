// The transfer syntaxes of DICOM: how the pixels of a file are packed, which of these are read, and the words for those that
// are not.

/** How pixels are unpacked; undefined for what is not read. */
export type Packing = "none" | "RLE" | "JPEG" | "JPEG-LS" | "JPEG 2000";

export interface TransferSyntax {
  readonly words: string;
  readonly packing: Packing | undefined;
  /** What to do about one that is not read. */
  readonly remedy: string;
}

const root = "1.2.840.10008.1.2";

const rows: readonly (readonly [uid: string, words: string, packing?: Packing])[] = [
  ["", "implicit VR little endian", "none"],
  [".1", "explicit VR little endian", "none"],
  [".1.98", "encapsulated uncompressed", "none"],
  [".1.99", "deflated explicit VR little endian", "none"],
  [".2", "explicit VR big endian", "none"],
  [".5", "RLE lossless", "RLE"],
  [".4.50", "JPEG baseline", "JPEG"],
  [".4.51", "JPEG extended", "JPEG"],
  [".4.57", "JPEG lossless, process 14", "JPEG"],
  [".4.70", "JPEG lossless, process 14, first-order prediction", "JPEG"],
  [".4.80", "JPEG-LS lossless", "JPEG-LS"],
  [".4.81", "JPEG-LS near-lossless", "JPEG-LS"],
  [".4.90", "JPEG 2000 lossless", "JPEG 2000"],
  [".4.91", "JPEG 2000", "JPEG 2000"],
  [".4.92", "JPEG 2000 part 2 lossless"],
  [".4.93", "JPEG 2000 part 2"],
  [".4.94", "JPIP, pixels elsewhere"],
  [".4.95", "JPIP, pixels elsewhere, deflated"],
  [".4.100", "MPEG2 video"],
  [".4.101", "MPEG2 video"],
  [".4.102", "MPEG-4 video"],
  [".4.103", "MPEG-4 video"],
  [".4.104", "MPEG-4 video"],
  [".4.105", "MPEG-4 video"],
  [".4.106", "MPEG-4 video"],
  [".4.107", "HEVC video"],
  [".4.108", "HEVC video"],
  [".4.110", "JPEG XL lossless"],
  [".4.111", "JPEG XL of a JPEG"],
  [".4.112", "JPEG XL"],
  [".4.201", "high-throughput JPEG 2000 lossless"],
  [".4.202", "high-throughput JPEG 2000 lossless, by resolution"],
  [".4.203", "high-throughput JPEG 2000"],
];

const remedy = "write it uncompressed, as explicit VR little endian";

const known = new Map<string, TransferSyntax>(
  rows.map(([end, words, packing]) => [root + end, { words, packing, remedy }]),
);

/** What is known of a transfer syntax; a private one is of no packing that is read. */
export function transferSyntax(uid: string): TransferSyntax {
  const syntax = known.get(uid);
  if (syntax !== undefined) return syntax;
  if (!/^1\.2\.840\.10008\.1\.2\.4\.(?:5\d|6\d)$/u.test(uid))
    return { words: "unknown", packing: undefined, remedy };
  return {
    words: "a retired form of JPEG",
    packing: undefined,
    remedy: "unpack it with dcmdjpeg or gdcmconv --raw",
  };
}
