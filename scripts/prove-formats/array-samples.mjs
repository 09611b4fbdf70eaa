// Small valid files of arrays, two versions of each, and where in them lengths stand: IDX, CIFAR and npz.
import { unzipSync, zipSync } from "fflate";
import { wordPlaces } from "./mutations.mjs";
import { byImage, byPatient, lines, manifest, noise } from "./small-files.mjs";

const idxImages = (version) => {
  const head = Buffer.alloc(16);
  for (const [i, number] of [2051, 20, 8, 8].entries()) head.writeUInt32BE(number, 4 * i);
  return Buffer.concat([head, noise(20 * 64, version)]);
};
const idxLabels = (version) => {
  const head = Buffer.alloc(8);
  for (const [i, number] of [2049, 20].entries()) head.writeUInt32BE(number, 4 * i);
  return Buffer.concat([head, noise(20, version, 3)]);
};
/** Images of 16 bits with an axis of one channel, labels of 32 bits, and a window. */
const idxShorts = {
  manifest: manifest(
    `"0", "1", "2"`,
    `format: idx, images: images.idx, labels: labels.idx, window: [0, 4095], ${byImage}`,
  ),
  write: (version) => {
    const head = Buffer.alloc(20);
    for (const [i, number] of [0x0b04, 20, 8, 8, 1].entries()) head.writeUInt32BE(number, 4 * i);
    const pixels = Buffer.alloc(2 * 20 * 64);
    for (const [i, level] of noise(20 * 64, version).entries()) pixels.writeInt16BE(16 * level, 2 * i);
    const labels = Buffer.alloc(8 + 4 * 20);
    for (const [i, number] of [0x0c01, 20, ...noise(20, version, 3)].entries())
      labels.writeInt32BE(number, 4 * i);
    return { "images.idx": Buffer.concat([head, pixels]), "labels.idx": labels };
  },
  places: () => [0, 4, 8, 12, 16].map((at) => ({ at, length: 4, kind: "big" })),
};

const idx = {
  manifest: manifest(`"0", "1", "2"`, `format: idx, images: images.idx, labels: labels.idx, ${byImage}`),
  write: (version) => ({ "images.idx": idxImages(version), "labels.idx": idxLabels(version) }),
  places: () => [0, 4, 8, 12].map((at) => ({ at, length: 4, kind: "big" })),
};

/** Rows of 32-bit labels with a writer, images on their side, and their characters, as QMNIST and EMNIST have them. */
const idxRows = {
  manifest: manifest(
    "A, B, C",
    `format: idx, images: images.idx, labels: labels.idx, labelColumn: 1, patientColumn: 3, transpose: true, ` +
      `characters: mapping.txt, ${byPatient}`,
  ),
  write: (version) => {
    const rows = Buffer.alloc(12 + 20 * 8 * 4);
    for (const [i, number] of [0x0c02, 20, 8].entries()) rows.writeUInt32BE(number, 4 * i);
    for (let i = 0; i < 20; i++)
      for (const [k, number] of [1 + ((i + version) % 3), 4, i % 6, i, 30, i, 0, 0].entries())
        rows.writeInt32BE(number, 12 + 4 * (8 * i + k));
    return {
      "images.idx": idxImages(version),
      "labels.idx": rows,
      "mapping.txt": lines("1 65 97", "2 66 98", "3 67 99"),
    };
  },
  damaged: ["labels.idx", "images.idx", "mapping.txt"],
  places: (bytes) =>
    bytes[0] === 0 ? [0, 4, 8, 12].map((at) => ({ at, length: 4, kind: "big" })) : wordPlaces(bytes),
};

const cifar10 = {
  manifest: manifest("cat, dog", `format: cifar, files: [batch.bin], ${byImage}`),
  write: (version) => ({
    "batch.bin": Buffer.concat(
      [0, 1, 2, 3, 4].map((i) => Buffer.from([(3 + 2 * i + version) % 10, ...noise(3072, version + i)])),
    ),
  }),
  places: () => [0, 1, 2, 3, 4].map((i) => ({ at: 3073 * i, length: 1, kind: "big" })),
};

const cifar100 = {
  manifest: manifest("bee, fox", `format: cifar, variant: cifar100, files: [batch.bin], ${byImage}`),
  write: (version) => ({
    "batch.bin": Buffer.concat(
      [0, 1, 2, 3, 4].map((i) =>
        Buffer.from([(7 + i) % 20, [6, 34, 12][(i + version) % 3], ...noise(3072, version + i)]),
      ),
    ),
  }),
  places: () =>
    [0, 1, 2, 3, 4].flatMap((i) => [0, 1].map((k) => ({ at: 3074 * i + k, length: 1, kind: "big" }))),
};

const npy = (shape, type, content) => {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117);
  const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text}\n`, "latin1");
  return Buffer.concat([head, content]);
};
const zipped = (members) => Buffer.from(zipSync(members, { level: 6, mtime: "2020-01-01T12:00:00" }));
const npz = (version) =>
  zipped(
    Object.fromEntries(
      ["train", "val", "test"].flatMap((key, i) => [
        [`${key}_images.npy`, npy([6 - i, 8, 8], "|u1", noise(64 * (6 - i), version + i))],
        [`${key}_labels.npy`, npy([6 - i, 1], "|u1", noise(6 - i, version + i, 2))],
      ]),
    ),
  );
const floats = (length, version) => {
  const bytes = Buffer.alloc(4 * length);
  for (const [i, level] of noise(length, version).entries()) bytes.writeFloatLE(level / 255, 4 * i);
  return bytes;
};
const marks = (length, version) => {
  const bytes = Buffer.alloc(8 * length);
  for (const [i, mark] of noise(length, version, 3).entries()) bytes.writeDoubleLE([0, 1, NaN][mark], 8 * i);
  return bytes;
};
const medmnist = {
  manifest: manifest(`"0", "1"`, "format: medmnist, file: set.npz"),
  write: (version) => ({ "set.npz": npz(version) }),
  places: zipPlaces,
  inside: (bytes, other, random) => {
    const [members, others] = [unzipSync(bytes), unzipSync(other)];
    const names = Object.keys(members);
    const name = names[random.below(names.length)];
    return {
      bytes: Buffer.from(members[name]),
      other: Buffer.from(others[name]),
      places: (npyBytes) => [
        { at: 8, length: 2, kind: "little" },
        ...[...npyBytes.toString("latin1", 0, 128).matchAll(/\d+/gu)].map(({ index, 0: digits }) => ({
          at: index,
          length: digits.length,
          kind: "digits",
        })),
      ],
      close: (changed) => zipped({ ...members, [name]: Uint8Array.from(changed) }),
    };
  },
};

/** Float images with an axis for the channel, and float labels with blanks, under names of other tools. */
const npzFloats = {
  ...medmnist,
  manifest: manifest(
    "a, b",
    "format: medmnist, file: set.npz, labelNames: [a, b], members: { train: [x_train, y_train], test: [x_test, y_test] }",
  ),
  write: (version) => ({
    "set.npz": zipped(
      Object.fromEntries(
        ["train", "test"].flatMap((key, i) => [
          [`x_${key}.npy`, npy([6 - i, 6, 8, 1], "<f4", floats(48 * (6 - i), version + i))],
          [`y_${key}.npy`, npy([6 - i, 2], "<f8", marks(2 * (6 - i), version + i))],
        ]),
      ),
    ),
  }),
};

/** Images of 16 bits in colour, without parts: a window says what is white. */
const npzWindow = {
  ...medmnist,
  manifest: manifest(
    `"0", "1"`,
    `format: medmnist, file: set.npz, members: { all: [X, y] }, window: [0, 4095], ${byImage}`,
  ),
  write: (version) => {
    const pixels = Buffer.alloc(2 * 20 * 36 * 3);
    for (const [i, level] of noise(20 * 36 * 3, version).entries()) pixels.writeUInt16LE(16 * level, 2 * i);
    return {
      "set.npz": zipped({
        "X.npy": npy([20, 6, 6, 3], "<u2", pixels),
        "y.npy": npy([20], "<i8", Buffer.from(BigInt64Array.from(noise(20, version, 2), BigInt).buffer)),
      }),
    };
  },
};

export function zipPlaces(bytes) {
  const fields = {
    "PK\x03\x04": [
      [8, 2],
      [18, 4],
      [22, 4],
      [26, 2],
      [28, 2],
    ],
    "PK\x01\x02": [
      [8, 2],
      [10, 2],
      [16, 4],
      [20, 4],
      [24, 4],
      [28, 2],
      [30, 2],
      [32, 2],
      [42, 4],
    ],
    "PK\x05\x06": [
      [4, 2],
      [8, 2],
      [10, 2],
      [12, 4],
      [16, 4],
      [20, 2],
    ],
  };
  const places = [];
  for (const [signature, offsets] of Object.entries(fields)) {
    for (let at = bytes.indexOf(signature); at >= 0; at = bytes.indexOf(signature, at + 1))
      for (const [skip, length] of offsets) places.push({ at: at + skip, length, kind: "little" });
  }
  return places;
}

export const arraySamples = {
  idx,
  "idx rows": idxRows,
  "idx shorts": idxShorts,
  cifar10,
  cifar100,
  npz: medmnist,
  "npz floats": npzFloats,
  "npz window": npzWindow,
};
