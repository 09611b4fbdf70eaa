// Small valid images of every kind but DICOM, two versions of each, and where in them lengths and sizes stand.
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { noise } from "./small-files.mjs";

export const picture = { width: 24, height: 20 };
export const raw = (channels, version) => {
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

/** A chunk of a PNG with its checksum. */
export function pngChunk(type, content) {
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(type, "latin1"), content, Buffer.alloc(4)]);
  chunk.writeUInt32BE(content.length, 0);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return chunk;
}
/** A chunk put behind the header of a PNG. */
const withChunk = (png, type, content) =>
  Buffer.concat([png.subarray(0, 33), pngChunk(type, content), png.subarray(33)]);
/** EXIF that says: turn by a quarter. */
const quarterTurn = Buffer.from("49492a0008000000010012010300010000000600000000000000", "hex");
const chunkKinds = {
  "PNG sBIT": (png) => withChunk(png, "sBIT", Buffer.of(12)),
  "PNG eXIf": (png) => withChunk(png, "eXIf", quarterTurn),
};

const jpegKinds = {
  "JPEG baseline": (version) => raw(3, version).jpeg({ quality: 90 }),
  "JPEG progressive": (version) => raw(3, version).jpeg({ quality: 90, progressive: true }),
  "JPEG EXIF": (version) => raw(1, version).withMetadata({ orientation: 6 }).jpeg(),
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
  GIF: [(version) => raw(3, version).gif(), gifPlaces],
};

/** The sizes of the whole. */
export function gifPlaces() {
  return [6, 8].map((at) => ({ at, length: 2, kind: "little" }));
}

/** The fields of the first directory: their kinds, counts and values. */
export function tiffPlaces(bytes) {
  const kind = bytes[0] === 0x4d ? "big" : "little";
  const [short, long] =
    kind === "big"
      ? [(at) => bytes.readUInt16BE(at), (at) => bytes.readUInt32BE(at)]
      : [(at) => bytes.readUInt16LE(at), (at) => bytes.readUInt32LE(at)];
  const places = [{ at: 4, length: 4, kind }];
  if (bytes.length < 8) return places;
  const directory = long(4);
  if (directory + 2 > bytes.length) return places;
  const fields = short(directory);
  for (let at = directory + 2, i = 0; i < fields && at + 12 <= bytes.length; i++, at += 12) {
    places.push({ at, length: 2, kind }, { at: at + 2, length: 2, kind });
    places.push({ at: at + 4, length: 4, kind }, { at: at + 8, length: 4, kind });
  }
  return places;
}

/** 8 bits with a palette of 256 greys, or 24 bits. @param below more than the bytes of pixels */
export function bmpFile(bits, version, below) {
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
  return Buffer.concat([head, Buffer.from(palette), noise(stride * height, version, below)]);
}
export const bmpPlaces = () => [
  ...[10, 14, 18, 22, 30, 46].map((at) => ({ at, length: 4, kind: "little" })),
  { at: 28, length: 2, kind: "little" },
];
const bmp = (bits) => ({ write: (version) => ({ image: bmpFile(bits, version) }), places: bmpPlaces });

const image = (encode, places, inside) => ({
  write: async (version) => ({ image: await encode(version).toBuffer() }),
  places,
  inside,
});

/** Half of the copies get right checksums again, so that the damage gets past them. */
const pngInside = (bytes, other) => ({ bytes, other, places: pngPlaces, close: withRightChecksums });

const withRightChecksums = (png) => withChunks(png, (type, content) => content);

/** A PNG, perhaps damaged, whose chunks have other contents, and right checksums. @param change (type, content) to content */
export function withChunks(png, change) {
  const made = [png.subarray(0, 8)];
  let at = 8;
  while (at + 12 <= png.length) {
    const end = at + 8 + png.readUInt32BE(at);
    if (end + 4 > png.length) break;
    const type = png.toString("latin1", at + 4, at + 8);
    made.push(pngChunk(type, change(type, png.subarray(at + 8, end))));
    at = end + 4;
  }
  return Buffer.concat([...made, png.subarray(at)]);
}

/** The lengths of the chunks, and the header's size, depth, colour type and interlacing. */
export function pngPlaces(bytes) {
  const places = [16, 20].map((at) => ({ at, length: 4, kind: "big" }));
  for (const at of [24, 25, 28]) places.push({ at, length: 1, kind: "big" });
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at))
    places.push({ at, length: 4, kind: "big" });
  return places;
}

/** The lengths of the segments, and the frame's depth, size and number of components. */
export function jpegPlaces(bytes) {
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

/** A JPEG of a version, in colour. */
export const colourJpeg = (version) => jpegKinds["JPEG baseline"](version).toBuffer();

export const imageSamples = {
  ...Object.fromEntries(
    Object.entries(pngKinds).map(([name, encode]) => [name, image(encode, pngPlaces, pngInside)]),
  ),
  ...Object.fromEntries(
    Object.entries(chunkKinds).map(([name, change]) => [
      name,
      {
        ...image(undefined, pngPlaces, pngInside),
        write: async (version) => ({ image: change(await pngKinds["PNG grey 16"](version).toBuffer()) }),
      },
    ]),
  ),
  ...Object.fromEntries(Object.entries(jpegKinds).map(([name, encode]) => [name, image(encode, jpegPlaces)])),
  ...Object.fromEntries(
    Object.entries(otherKinds).map(([name, [encode, places]]) => [name, image(encode, places)]),
  ),
  "BMP 8": bmp(8),
  "BMP 24": bmp(24),
};
