// Small valid files of every format, two versions of each, and where in them lengths stand. Everything is written here.
import { readFileSync, readdirSync } from "node:fs";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { unzipSync, zipSync } from "fflate";
import sharp from "sharp";
import { dicomSamples } from "./dicom-samples.mjs";
import { wordPlaces } from "./mutations.mjs";

const noise = (length, version, below = 256) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 7 + 1000 * version, 2654435761) >>> 11) % below);
const twenty = Array.from({ length: 20 }, (_, i) => i);
const lines = (...all) => Buffer.from(`${all.join("\n")}\n`);

/** A manifest of one source in the words of YAML's flow style. */
const manifest = (classes, entry) => `
classes: [${classes}]
image: { height: 8, width: 8 }
sources: [{ name: S, ${entry} }]`;
const byImage = "split: { by: image, train: 0.6, test: 0.4 }";
const byPatient = "split: { by: patient, train: 0.6, test: 0.4 }";

// Formats. `write(version)` gives the files by name; `damaged` are those that mutations may meet. `inside` opens a
// wrapping that would notice nearly all damage, so that half of the copies get past it: { bytes, close(bytes) }.

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

const tableOf = (file, text, classes, entry, others = {}) => ({
  manifest: manifest(classes, entry),
  write: (version) => ({ [file]: text(version), ...others }),
  damaged: [file],
  places: wordPlaces,
});
const chestxray14 = tableOf(
  "table.csv",
  (version) =>
    lines(
      "Image Index,Finding Labels,Patient ID,View Position,OriginalImage[Width,Height]",
      ...twenty.map(
        (i) =>
          `${version}_${i}.png,${["No Finding", "Mass|Hernia", "Edema"][(i + version) % 3]},${i % 7},PA,100,200`,
      ),
    ),
  "Mass, Hernia, Edema",
  `format: chestxray14, table: table.csv, images: ".", ${byPatient}`,
);
const expertLabels =
  "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia," +
  "Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices";
const chexpert = tableOf(
  "table.csv",
  (version) =>
    lines(
      `Path,Sex,${expertLabels}`,
      ...twenty.map((i) => {
        const marks = twenty.slice(6).map((k) => ["1.0", "", "-1.0", "0.0"][(i + k + version) % 4]);
        return [`CheXpert-v1.0/train/patient000${10 + i}/study1/view1.jpg`, "Male", ...marks].join(",");
      }),
    ),
  "Edema, Pneumonia",
  `format: chexpert, table: table.csv, images: ".", uncertain: { Edema: positive, Pneumonia: 0.7 }, ` +
    `blank: negative, ${byPatient}`,
);
const covidx = tableOf(
  "list.txt",
  (version) =>
    lines(
      ...twenty.map(
        (i) => `COVID ${i % 9} COVID(${version}${i}).png ${i % 2 === version ? "positive" : "negative"} sirm`,
      ),
    ),
  "COVID-19",
  `format: covidx, list: list.txt, images: ".", ${byPatient}`,
);
const covidxSlices = tableOf(
  "list.txt",
  (version) => lines(...twenty.map((i) => `NCP_${i % 7}_2_00${i}.png ${(i + version) % 3} ${i} 20 400 500`)),
  "normal, COVID-19",
  `format: covidx, list: list.txt, images: ".", ${byPatient}`,
);
const covidxSeverity = tableOf(
  "list.txt",
  (version) =>
    lines(...twenty.map((i) => `SITE2-${i % 9} R-${i}.png ${["Mild", "Severe"][(i + version) % 2]}`)),
  "Mild, Severe",
  `format: covidx, list: list.txt, images: ".", ${byPatient}`,
);
const table = tableOf(
  "table.csv",
  (version) =>
    lines(
      "image;who;dx;view",
      ...twenty.map(
        (i) => `"${version}${i}.png";p${i % 5};"${["a|b", "b", "todo", ""][(i + version) % 4]}";PA`,
      ),
    ),
  "a, b",
  `format: table, table: table.csv, delimiter: ";", image: image, patient: who, label: dx, separator: "|", ` +
    `unlabelled: [todo], ${byPatient}`,
);

const covidxNames = {
  ...tableOf(
    "names.csv",
    (version) =>
      lines("theirs,ours", ...twenty.map((i) => `"COVID(${version}${i}).png",images/${version}-${i}.png`)),
    "COVID-19",
    `format: covidx, list: list.txt, images: ".", names: { table: names.csv, from: theirs, to: ours }, ${byPatient}`,
    { "list.txt": covidx.write(0)["list.txt"] },
  ),
};

/** Lists of a split over one table of images, of which only the lists are damaged. */
const listed = {
  "table.csv": lines("image,dx", ...twenty.map((i) => `scans/${i}.png,${["a", "b"][i % 2]}`)),
};
const splitOf = (file, text, split) =>
  tableOf(
    file,
    text,
    "a, b",
    `format: table, table: table.csv, image: image, label: dx, split: { by: list, ${split} }`,
    listed,
  );
const splitText = {
  ...splitOf(
    "train.txt",
    () => lines(...twenty.slice(0, 12).map((i) => `scans/${i}.png`)),
    "train: train.txt, test: test.txt",
  ),
  write: (version) => ({
    ...listed,
    "train.txt": lines(...twenty.slice(0, 12).map((i) => `scans/${(i + version) % 12}.png`)),
    "test.txt": lines(...twenty.slice(12).map((i) => `scans/${12 + ((i + version) % 8)}.png`)),
  }),
  damaged: ["train.txt", "test.txt"],
};
const splitTable = splitOf(
  "split.csv",
  (version) =>
    lines(
      "image,part",
      ...twenty.map((i) => `scans/${i}.png,${["train", "valid", "test", "training"][(i + version) % 4]}`),
    ),
  "table: split.csv, image: image, part: part",
);

/** The same, its damaged files gzip'd; half of the copies are damaged before they are packed. */
const packed = (format) => ({
  ...format,
  write: (version) =>
    Object.fromEntries(
      Object.entries(format.write(version)).map(([name, bytes]) => [name, gzipSync(bytes, { level: 6 })]),
    ),
  places: (bytes) => [
    { at: bytes.length - 4, length: 4, kind: "little" },
    { at: bytes.length - 8, length: 4, kind: "little" },
    { at: 3, length: 1, kind: "little" },
    { at: 10, length: 2, kind: "little" },
  ],
  inside: (bytes, other) => ({
    bytes: gunzipSync(bytes),
    other: gunzipSync(other),
    places: format.places,
    close: (changed) => gzipSync(changed),
  }),
});

// Images.

const picture = { width: 24, height: 20 };
const raw = (channels, version) => {
  const smooth = Uint8Array.from(
    { length: picture.width * picture.height * channels },
    (_, i) => 5 * (i % 40) + 20 * (i % channels) + 13 * version,
  );
  return sharp(smooth, { raw: { ...picture, channels } });
};
const pngKinds = {
  "PNG grey 8": (version) => raw(1, version).toColourspace("b-w").png(),
  "PNG grey 16": (version) => raw(1, version).toColourspace("grey16").png(),
  "PNG grey alpha 8": (version) => raw(2, version).toColourspace("b-w").png(),
  "PNG RGB 8": (version) => raw(3, version).png(),
  "PNG RGB 16 interlaced": (version) => raw(3, version).toColourspace("rgb16").png({ progressive: true }),
  "PNG RGBA 8 interlaced": (version) => raw(4, version).png({ progressive: true }),
  "PNG palette 4": (version) => raw(3, version).png({ palette: true, colours: 16 }),
  "PNG palette alpha 8": (version) => raw(4, version).png({ palette: true, colours: 200 }),
};
const jpegKinds = {
  "JPEG baseline": (version) => raw(3, version).jpeg({ quality: 90 }),
  "JPEG progressive": (version) => raw(3, version).jpeg({ quality: 90, progressive: true }),
};

/** Through libvips, which reads them; BMP is written here. */
const otherKinds = {
  "TIFF grey 16": [
    (version) => raw(1, version).toColourspace("grey16").tiff({ compression: "none" }),
    tiffPlaces,
  ],
  "TIFF RGB deflate": [(version) => raw(3, version).tiff({ compression: "deflate" }), tiffPlaces],
  "WebP lossy": [
    (version) => raw(3, version).webp(),
    () => [4, 16].map((at) => ({ at, length: 4, kind: "little" })),
  ],
  "WebP alpha": [
    (version) => raw(4, version).webp({ lossless: true }),
    () => [4, 16].map((at) => ({ at, length: 4, kind: "little" })),
  ],
  GIF: [(version) => raw(3, version).gif(), () => [6, 8].map((at) => ({ at, length: 2, kind: "little" }))],
};

/** The fields of the first directory: their kinds, counts and values. */
function tiffPlaces(bytes) {
  const directory = bytes.readUInt32LE(4);
  const places = [{ at: 4, length: 4, kind: "little" }];
  if (directory + 2 > bytes.length) return places;
  const fields = bytes.readUInt16LE(directory);
  for (let at = directory + 2, i = 0; i < fields && at + 12 <= bytes.length; i++, at += 12) {
    places.push({ at, length: 2, kind: "little" }, { at: at + 2, length: 2, kind: "little" });
    places.push({ at: at + 4, length: 4, kind: "little" }, { at: at + 8, length: 4, kind: "little" });
  }
  return places;
}

/** 8 bits with a palette of 256 greys, or 24 bits. */
const bmp = (bits) => ({
  write: (version) => {
    const { width, height } = picture;
    const palette =
      bits === 8 ? Buffer.from(Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 0 : i >> 2))) : "";
    const stride = 4 * Math.ceil((width * bits) / 32);
    const head = Buffer.alloc(54);
    head.write("BM", 0, "latin1");
    for (const [at, value] of [
      [2, 54 + palette.length + stride * height],
      [10, 54 + palette.length],
      [14, 40],
      [18, width],
      [22, height],
      [26, 1 + (bits << 16)],
    ])
      head.writeUInt32LE(value, at);
    return { image: Buffer.concat([head, Buffer.from(palette), noise(stride * height, version)]) };
  },
  places: () => [
    ...[10, 14, 18, 22, 30, 46].map((at) => ({ at, length: 4, kind: "little" })),
    { at: 28, length: 2, kind: "little" },
  ],
});

const image = (encode, places, inside) => ({
  write: async (version) => ({ image: await encode(version).toBuffer() }),
  places,
  inside,
});

/** Half of the copies get right checksums again, so that the damage gets past them. */
const pngInside = (bytes, other) => ({ bytes, other, places: pngPlaces, close: withRightChecksums });

function withRightChecksums(png) {
  const bytes = Buffer.from(png);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

/** Its images are decoded, as training does, by a thread into a cache. */
const folder = {
  manifest: manifest("cat, dog", `format: folder, folder: pets, ${byImage}`),
  decoded: true,
  write: async (version) => {
    const files = ["cat/1.png", "cat/2.jpg", "dog/3.png", "dog/4.png", "dog/5.jpg"].map(async (name, i) => {
      const picture = raw(1 + 2 * (i % 2), version + i);
      const bytes = await (name.endsWith("png") ? picture.png() : picture.jpeg()).toBuffer();
      return [`pets/${name}`, bytes];
    });
    return Object.fromEntries(await Promise.all(files));
  },
  places: (bytes) => (bytes[0] === 0x89 ? pngPlaces(bytes) : jpegPlaces(bytes)),
};

/** The lengths of the chunks, and the header's size, depth, colour type and interlacing. */
function pngPlaces(bytes) {
  const places = [16, 20].map((at) => ({ at, length: 4, kind: "big" }));
  for (const at of [24, 25, 28]) places.push({ at, length: 1, kind: "big" });
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at))
    places.push({ at, length: 4, kind: "big" });
  return places;
}

/** The lengths of the segments, and the frame's depth, size and number of components. */
function jpegPlaces(bytes) {
  const places = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    places.push({ at: at + 2, length: 2, kind: "big" });
    if (bytes[at + 1] === 0xc0 || bytes[at + 1] === 0xc2) {
      for (const [skip, length] of [
        [4, 1],
        [5, 2],
        [7, 2],
        [9, 1],
      ])
        places.push({ at: at + skip, length, kind: "big" });
    }
    if (bytes[at + 1] === 0xda) break;
  }
  return places;
}

function zipPlaces(bytes) {
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

// Manifests: the examples themselves.

const examples = new URL("../../examples", import.meta.url);
const manifests = {
  write: () =>
    Object.fromEntries(
      readdirSync(examples)
        .filter((name) => name.endsWith(".yaml"))
        .map((name) => [name, readFileSync(new URL(name, examples))]),
    ),
  places: wordPlaces,
};

/** By the name in the table that is printed. */
export const samples = {
  idx,
  "idx gz": packed(idx),
  "idx rows": idxRows,
  cifar10,
  "cifar10 gz": packed(cifar10),
  cifar100,
  npz: medmnist,
  "npz floats": npzFloats,
  chestxray14,
  "chestxray14 gz": packed(chestxray14),
  chexpert,
  covidx,
  "covidx names": covidxNames,
  "covidx slices": covidxSlices,
  "covidx severity": covidxSeverity,
  table,
  "split text": splitText,
  "split table": splitTable,
  folder,
  ...Object.fromEntries(
    Object.entries(pngKinds).map(([name, encode]) => [name, image(encode, pngPlaces, pngInside)]),
  ),
  ...Object.fromEntries(Object.entries(jpegKinds).map(([name, encode]) => [name, image(encode, jpegPlaces)])),
  ...Object.fromEntries(
    Object.entries(otherKinds).map(([name, [encode, places]]) => [name, image(encode, places)]),
  ),
  "BMP 8": bmp(8),
  "BMP 24": bmp(24),
  ...dicomSamples((version) => jpegKinds["JPEG baseline"](version).toBuffer()),
  manifest: manifests,
};
