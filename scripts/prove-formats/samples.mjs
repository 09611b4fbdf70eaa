// Small valid files of every format, two versions of each, and where in them lengths stand. Everything is written here.
//
// `write(version)` gives the files by name; `damaged` are those that mutations may meet. `inside` opens a wrapping that would
// notice nearly all damage, so that half of the copies get past it: { bytes, close(bytes) }.
import { readFileSync, readdirSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { arraySamples } from "./array-samples.mjs";
import { dicomSamples } from "./dicom-samples.mjs";
import { colourJpeg, imageSamples, jpegPlaces, pngPlaces, raw } from "./image-samples.mjs";
import { maskSamples } from "./mask-samples.mjs";
import { wordPlaces } from "./mutations.mjs";
import { byImage, manifest } from "./small-files.mjs";
import { volumeSamples } from "./volume-samples.mjs";
import { tableSamples } from "./table-samples.mjs";

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

const dicom = dicomSamples(colourJpeg);

/** DICOM whose patients are in it: listing opens every file, and then they are decoded. */
const dicomFolder = {
  manifest: manifest(
    "cat, dog",
    `format: folder, folder: scans, patientTag: true, window: [0, 1000], ${byImage}`,
  ),
  decoded: true,
  write: async (version) => {
    const kinds = [
      "DICOM implicit",
      "DICOM explicit",
      "DICOM big endian",
      "DICOM deflated",
      "DICOM run lengths",
    ];
    const files = kinds.map(async (kind, i) => {
      const { image } = await dicom[kind].write(version);
      return [`scans/${i % 2 === 0 ? "cat" : "dog"}/IM000${i}`, image];
    });
    return Object.fromEntries(await Promise.all(files));
  },
  places: dicom["DICOM explicit"].places,
};

// Manifests: the examples themselves.

const examples = new URL("../../examples/", import.meta.url);
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
  ...arraySamples,
  ...tableSamples,
  ...volumeSamples,
  ...maskSamples,
  "nifti gz": packed(volumeSamples.nifti),
  "idx gz": packed(arraySamples.idx),
  "cifar10 gz": packed(arraySamples.cifar10),
  "chestxray14 gz": packed(tableSamples.chestxray14),
  folder,
  "folder of DICOM": dicomFolder,
  ...imageSamples,
  ...dicom,
  manifest: manifests,
};
