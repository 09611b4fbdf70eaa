// Small volumes of NIfTI with their label volumes, two versions of each, and where in them sizes, offsets and types stand.
import { noise } from "./small-files.mjs";

const shape = [7, 6, 8];
const count = shape[0] * shape[1] * shape[2];

/** A volume of version 1 or 2, of 16-bit numbers or of labels in bytes, in either byte order. */
function volume({ version, big = false, labels = false, sform = true }, seed) {
  const size = labels ? 1 : 2;
  const start = version === 1 ? 352 : 544;
  const bytes = Buffer.alloc(start + count * size);
  const short = (value, at) => (big ? bytes.writeInt16BE(value, at) : bytes.writeInt16LE(value, at));
  const int = (value, at) => (big ? bytes.writeInt32BE(value, at) : bytes.writeInt32LE(value, at));
  const long = (value, at) =>
    big ? bytes.writeBigInt64BE(BigInt(value), at) : bytes.writeBigInt64LE(BigInt(value), at);
  const float = (value, at) => (big ? bytes.writeFloatBE(value, at) : bytes.writeFloatLE(value, at));
  const double = (value, at) => (big ? bytes.writeDoubleBE(value, at) : bytes.writeDoubleLE(value, at));
  const dims = [3, ...shape, 1, 1, 1, 1];
  const rows = [-2, 0, 0, 30, 0, -2, 0, 40, 0, 0, 3, -50];
  if (version === 1) {
    int(348, 0);
    dims.forEach((each, i) => short(each, 40 + 2 * i));
    short(labels ? 2 : 4, 70);
    short(8 * size, 72);
    [1, 2, 2, 3].forEach((each, i) => float(each, 76 + 4 * i));
    float(start, 108);
    if (!labels) float(2, 112);
    bytes[123] = 2;
    short(sform ? 0 : 1, 252);
    [0, 0, 1, 30, 40, -50].forEach((each, i) => float(each, 256 + 4 * i));
    short(sform ? 1 : 0, 254);
    rows.forEach((each, i) => float(each, 280 + 4 * i));
    bytes.write("n+1\0", 344, "latin1");
  } else {
    int(540, 0);
    bytes.write("n+2\0\r\n\x1a\n", 4, "latin1");
    short(labels ? 2 : 4, 12);
    short(8 * size, 14);
    dims.forEach((each, i) => long(each, 16 + 8 * i));
    [1, 2, 2, 3].forEach((each, i) => double(each, 104 + 8 * i));
    long(start, 168);
    if (!labels) double(2, 176);
    int(1, 348);
    rows.forEach((each, i) => double(each, 400 + 8 * i));
    int(2, 500);
  }
  for (const [i, value] of noise(count, seed, labels ? 3 : 256).entries()) {
    if (labels) bytes[start + i] = value;
    else short(16 * value - 1024, start + 2 * i);
  }
  return bytes;
}

const places = (version, big) => () => {
  const kind = big ? "big" : "little";
  const at = (length, ...all) => all.map((place) => ({ at: place, length, kind }));
  return version === 1
    ? [
        ...at(4, 0, 76, 80, 108, 112, 116, 256, 280, 300),
        ...at(2, 40, 42, 44, 46, 48, 70, 72, 252, 254),
        ...at(1, 123, 344, 348),
      ]
    : [...at(4, 0, 4, 16, 20, 24, 28, 32, 36, 40, 168, 172, 180, 348, 404, 500), ...at(2, 12, 14)];
};

/** Slices of one scan are of one patient, so that those to test on are of another. */
const ofVolume = (volumes, masks) =>
  `format: nifti, volumes: ${volumes}, masks: ${masks}, values: { 1: A, 2: B }, window: [-1000, 1000], axis: axial`;

const sample = (form) => ({
  manifest: `
task: segmentation
classes: [A, B]
image: { height: 8, width: 8, channels: 1 }
sources:
  - { name: S, ${ofVolume("scan.nii", "labels.nii")} }
test: { ${ofVolume("tested.nii", "tested-labels.nii")} }`,
  decoded: true,
  write: (seed) => ({
    "scan.nii": volume(form, seed),
    "labels.nii": volume({ ...form, labels: true }, seed),
    "tested.nii": volume(form, seed + 2),
    "tested-labels.nii": volume({ ...form, labels: true }, seed + 2),
  }),
  damaged: ["scan.nii", "labels.nii"],
  places: places(form.version, form.big === true),
});

export const volumeSamples = {
  nifti: sample({ version: 1 }),
  "nifti qform big": sample({ version: 1, big: true, sform: false }),
  "nifti 2": sample({ version: 2 }),
};
