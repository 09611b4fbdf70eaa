// Small valid masks of every kind of file that a segmentation manifest reads, two versions of each, beside images that are never
// damaged. What each number means is told here once, for the manifest and for the oracle that damaged copies are compared with.
import { deflateSync, inflateSync } from "node:zlib";
import sharp from "sharp";
import { bmpFile, bmpPlaces, gifPlaces, picture, pngChunk, pngPlaces } from "./image-samples.mjs";
import { raw, tiffPlaces, withChunks } from "./image-samples.mjs";
import { bmpNumbers, gifColours, pngNumbers, tiffNumbers } from "./mask-oracle.mjs";
import { byImage, noise } from "./small-files.mjs";

const { width, height } = picture;
const count = width * height;

/** The bytes of a label map, by what a number means. */
const map = { A: 0, B: 1, C: 2, background: 254, ignore: 255 };

/**
 * Masks of one kind of file beside two images.
 *
 * @param means [number or colour, a class, "background" or "ignore"] of all that may occur
 * @param numbers of a mask's bytes, by an oracle: { height, width, values }
 */
const sample = ({ ending, means, numbers, write, places, inside }) => {
  const field = typeof means[0][0] === "string" ? "colours" : "values";
  const named = (kind) =>
    means.filter(([, meant]) => meant === kind).map(([number]) => JSON.stringify(number));
  const classes = ["A", "B", "C"].filter((name) => named(name).length > 0);
  const lists = ["ignore", "background"].filter((list) => named(list).length > 0);
  const bytes = new Map(means.map(([number, meant]) => [number, map[meant]]));
  const zero = field === "values" ? 0 : "#000000";
  if (!bytes.has(zero)) bytes.set(zero, map.background);
  return {
    manifest: `
task: segmentation
classes: [${classes.join(", ")}]
image: { height: ${height}, width: ${width}, channels: 1 }
sources:
  - name: S
    format: folder
    folder: images
    masks: masks
    ${field}: { ${classes.map((name) => `${named(name)[0]}: ${name}`).join(", ")} }
${lists.map((list) => `    ${list}: [${named(list).join(", ")}]\n`).join("")}    ${byImage}`,
    write: async (version) => ({
      "images/a.png": await raw(1, version).png().toBuffer(),
      "images/b.png": await raw(1, version + 2)
        .png()
        .toBuffer(),
      [`masks/a.${ending}`]: await write(version),
      [`masks/b.${ending}`]: await write(version + 2),
    }),
    damaged: [`masks/a.${ending}`, `masks/b.${ending}`],
    places,
    inside,
    masks: { ending, numbers, byteOf: (number) => bytes.get(number) },
  };
};

/** All numbers below `below` mean something; those above are strangers, which are to be refused. */
const small = (below) => [
  [1, "A"],
  [2, "B"],
  [3, "C"],
  [4, "ignore"],
  ...Array.from({ length: below - 5 }, (_, i) => [i + 5, "background"]),
];
/** Numbers that another byte order makes of each other. */
const swapped = [
  [1, "A"],
  [256, "B"],
  [257, "C"],
  [65535, "ignore"],
  [65534, "background"],
];
const numbersBelow = (below, version) => [...noise(count, version, below)];
const swappedNumbers = (version) =>
  numbersBelow(6, version).map((i) => [0, ...swapped.map(([number]) => number)][i]);

/** @param numbers [height, width] of fewer than 2^depth */
function png({ depth, colourType = 0, palette }, numbers) {
  const stride = Math.ceil((width * depth) / 8);
  const rows = Buffer.alloc(height * (1 + stride));
  for (const [i, number] of numbers.entries()) {
    const row = Math.floor(i / width) * (1 + stride) + 1;
    const bit = (i % width) * depth;
    if (depth === 16) rows.writeUInt16BE(number, row + bit / 8);
    else rows[row + (bit >> 3)] |= number << (8 - depth - (bit % 8));
  }
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, depth, colourType, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    pngChunk("IHDR", header),
    ...(palette === undefined ? [] : [pngChunk("PLTE", palette)]),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A PNG whose rows are changed. @param change content of IDAT to content */
const withRows = (bytes, change) =>
  withChunks(bytes, (type, content) => (type === "IDAT" ? change(content) : content));
const rowsOf = (bytes) => {
  const at = bytes.indexOf("IDAT", "latin1");
  return inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
};

/** Half of the copies are damaged before they are packed: in the rows of numbers alone, or anywhere. */
function pngInside(bytes, other, random) {
  if (random.below(2) === 0) {
    return {
      ...{ bytes: rowsOf(bytes), other: rowsOf(other), places: () => [] },
      close: (changed) => withRows(bytes, () => deflateSync(changed)),
    };
  }
  return {
    ...{ bytes: withRows(bytes, inflateSync), other: withRows(other, inflateSync), places: pngPlaces },
    close: (changed) => withRows(changed, deflateSync),
  };
}
const pngSample = (layout, means, numbersOf) =>
  sample({
    ...{ ending: "png", means, numbers: pngNumbers, places: pngPlaces, inside: pngInside },
    write: (version) => png(layout, numbersOf(version)),
  });

/** Grey in two strips that are not packed. @param numbers [height, width] */
function tiff({ bits, big }, numbers) {
  const strip = (height / 2) * width * (bits / 8);
  const fields = [
    [256, width],
    [257, height],
    [258, bits],
    [259, 1],
    [262, 1],
    [273, 154, 2],
    [274, 1],
    [277, 1],
    [278, height / 2],
    [279, 162, 2],
    [339, 1],
  ];
  const head = Buffer.alloc(170);
  const short = (value, at) => (big ? head.writeUInt16BE(value, at) : head.writeUInt16LE(value, at));
  const long = (value, at) => (big ? head.writeUInt32BE(value, at) : head.writeUInt32LE(value, at));
  head.write(big ? "MM" : "II", 0, "latin1");
  short(42, 2);
  long(8, 4);
  short(fields.length, 8);
  for (const [i, [tag, value, many = 1]] of fields.entries()) {
    short(tag, 10 + 12 * i);
    short(many === 1 ? 3 : 4, 12 + 12 * i);
    long(many, 14 + 12 * i);
    (many === 1 ? short : long)(value, 18 + 12 * i);
  }
  [head.length, head.length + strip, strip, strip].forEach((value, i) => long(value, 154 + 4 * i));
  const pixels = Buffer.alloc(2 * strip);
  for (const [i, number] of numbers.entries()) {
    if (bits === 8) pixels[i] = number;
    else if (big) pixels.writeUInt16BE(number, 2 * i);
    else pixels.writeUInt16LE(number, 2 * i);
  }
  return Buffer.concat([head, pixels]);
}
const tiffSample = (layout, means, numbersOf) =>
  sample({
    ...{ ending: "tif", means, numbers: tiffNumbers, places: tiffPlaces },
    write: (version) => tiff(layout, numbersOf(version)),
  });

/** Colours of which one bit makes others of them. */
const colours = [
  ["#800000", "A"],
  ["#808000", "B"],
  ["#808080", "C"],
  ["#ffffff", "ignore"],
  ["#008000", "background"],
];
const gifFile = (version) => {
  const shown = ["#000000", ...colours.map(([colour]) => colour)];
  const pixels = numbersBelow(shown.length, version).flatMap((i) => [
    ...Buffer.from(shown[i].slice(1), "hex"),
  ]);
  return sharp(Uint8Array.from(pixels), { raw: { ...picture, channels: 3 } })
    .gif({ dither: 0 })
    .toBuffer();
};

export const maskSamples = {
  "mask PNG palette": pngSample({ depth: 8, colourType: 3, palette: noise(3 * 6, 3) }, small(6), (version) =>
    numbersBelow(6, version),
  ),
  "mask PNG 1": pngSample({ depth: 1 }, [[1, "A"]], (version) => numbersBelow(2, version)),
  "mask PNG 8": pngSample({ depth: 8 }, small(160), (version) => numbersBelow(6, version)),
  "mask PNG 16": pngSample({ depth: 16 }, swapped, swappedNumbers),
  "mask TIFF 8": tiffSample({ bits: 8, big: false }, small(160), (version) => numbersBelow(6, version)),
  "mask TIFF 16": tiffSample({ bits: 16, big: true }, swapped, swappedNumbers),
  "mask BMP": sample({
    ...{ ending: "bmp", means: small(160), numbers: bmpNumbers, places: bmpPlaces },
    write: (version) => bmpFile(8, version, 6),
  }),
  "mask GIF colours": sample({
    ...{ ending: "gif", means: colours, numbers: gifColours, places: gifPlaces, write: gifFile },
  }),
};
