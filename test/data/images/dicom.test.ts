import sharp from "sharp";
import type { Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../../src/data/images/index.ts";
import type { ImageReading } from "../../../src/data/images/index.ts";
import { complaint } from "./complaint.ts";
import { packRuns, writeDicom } from "./dicom-files.ts";
import type { DicomContent, Element } from "./dicom-files.ts";
import { encodeLossless } from "./lossless-jpeg.ts";
import {
  grey2000,
  greyLs,
  packedColour,
  packedGrey,
  packedSize,
  rgb2000,
  rgbApartLs,
  rgbLs,
} from "./packed-streams.ts";

const decode = (bytes: Uint8Array, reading?: ImageReading) => decodeImage(bytes, "x.dcm", reading);
const pixelsOf = async (content: DicomContent, reading?: ImageReading): Promise<number[]> => [
  ...(await decode(writeDicom(content), reading)).pixels,
];
const whyNot = (content: DicomContent, reading?: ImageReading): Promise<string> =>
  complaint(decode(writeDicom(content), reading), "x.dcm");

/** Twelve stored values of 8 bits, and of 12 in 16. */
const bytes12 = [0, 1, 2, 127, 128, 129, 200, 254, 255, 7, 9, 11];
const words12 = [0, 1, 2, 15, 16, 17, 255, 256, 2047, 2048, 4094, 4095];
/** 4095 becomes 255. */
const greys12 = words12.map((v) => Math.round((v * 255) / 4095));
const grey16 = { allocated: 16, stored: 12, values: words12 };
const rgb12 = Array.from({ length: 36 }, (_, i) => (i * 37) & 255);
const window = (centre: string, width: string, form?: string): Element[] => [
  [0x00281050, "DS", centre],
  [0x00281051, "DS", width],
  ...(form === undefined ? [] : [[0x00281056, "CS", form] as const]),
];

describe("what a file is packed with", () => {
  test.each(["implicit", "explicit", "deflated", "big"] as const)("%s VR, 8 and 16 bits", async (syntax) => {
    expect(await pixelsOf({ syntax, values: bytes12 })).toEqual(bytes12);
    expect(await pixelsOf({ syntax, ...grey16 })).toEqual(greys12);
    expect(await pixelsOf({ syntax, samples: 3, values: rgb12 })).toEqual(rgb12);
  });

  test("8 bits in big-endian words are swapped back", async () => {
    const swapped = bytes12.map((_, i) => bytes12[i ^ 1]);
    const words: Element = [0x7fe00010, "OW", Uint8Array.from(swapped)];
    expect(await pixelsOf({ syntax: "big", more: [words] })).toEqual(bytes12);
  });

  test("without preamble, and without any header of the file, where nothing is compressed", async () => {
    expect(await pixelsOf({ preamble: false, values: bytes12 })).toEqual(bytes12);
    for (const syntax of ["implicit", "explicit", "big"] as const) {
      const more: Element[] = [[0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7"]];
      expect(await pixelsOf({ syntax, preamble: false, meta: false, more, ...grey16 })).toEqual(greys12);
      expect(await pixelsOf({ syntax, named: "", more, ...grey16 })).toEqual(greys12);
    }
    const packed = { preamble: false, meta: false, pieces: [Buffer.from([1, 2])] };
    const more: Element[] = [[0x00080016, "UI", "1.2"]];
    expect(await whyNot({ ...packed, more })).toMatch(/lacks the transfer syntax/u);
  });

  test("a preamble that starts like TIFF, as of files that are both, makes no TIFF of it", async () => {
    const file = writeDicom({ values: bytes12 });
    file.write("II*\0", 0, "latin1");
    expect([...(await decode(file)).pixels]).toEqual(bytes12);
  });

  test("run lengths of 8 and 16 bits, grey and colour", async () => {
    const flat = [5, 5, 5, 5, 1, 2, 3, 3, 9, 9, 9, 8];
    const size = { width: 4, samples: 1, bytes: 1 } as const;
    expect(await pixelsOf({ syntax: "rle", pieces: [packRuns(flat, size)] })).toEqual(flat);
    const wide = packRuns(words12, { ...size, bytes: 2 });
    expect(await pixelsOf({ syntax: "rle", ...grey16, pieces: [wide] })).toEqual(greys12);
    const colours = packRuns(rgb12, { ...size, samples: 3 });
    expect(await pixelsOf({ syntax: "rle", samples: 3, pieces: [colours] })).toEqual(rgb12);
  });

  test("JPEG baseline, in one fragment or several, with and without a table of offsets", async () => {
    const raw = () => sharp(Buffer.from(rgb12), { raw: { width: 4, height: 3, channels: 3 } });
    const jpeg = await raw().jpeg({ quality: 90, chromaSubsampling: "4:4:4" }).toBuffer();
    const right = [...(await sharp(jpeg).raw().toBuffer())];
    const colour = { syntax: "jpeg", samples: 3, photometric: "YBR_FULL_422" } as const;
    expect(await pixelsOf({ ...colour, pieces: [jpeg] })).toEqual(right);
    const pieces = [jpeg.subarray(0, 100), jpeg.subarray(100, 300), jpeg.subarray(300)];
    expect(await pixelsOf({ ...colour, pieces, offsets: [0] })).toEqual(right);
    const grey = await raw().toColourspace("b-w").jpeg().toBuffer();
    const greys = [...(await sharp(grey).toColourspace("b-w").raw().toBuffer())];
    expect(await pixelsOf({ syntax: "extended", pieces: [grey] })).toEqual(greys);
  });

  test("an orientation of the JPEG is not DICOM's, and is not applied", async () => {
    const raw = { width: 4, height: 3, channels: 3 } as const;
    const picture = (): Sharp => sharp(Buffer.from(rgb12), { raw });
    const plain = await picture().jpeg().toBuffer();
    const turned = await picture().withMetadata({ orientation: 3 }).jpeg().toBuffer();
    expect(turned.includes("Exif")).toBe(true);
    const content = { syntax: "jpeg", samples: 3, photometric: "YBR_FULL_422" } as const;
    expect(await pixelsOf({ ...content, pieces: [turned] })).toEqual(
      await pixelsOf({ ...content, pieces: [plain] }),
    );
  });

  test("JPEG whose components say no colours has those of the header", async () => {
    const flat = Buffer.from(Array.from({ length: 64 * 3 }, (_, i) => [200, 90, 30][i % 3]));
    const jpeg = await sharp(flat, { raw: { width: 8, height: 8, channels: 3 } })
      .jpeg({ quality: 100 })
      .toBuffer();
    expect(["JFIF", "Adobe"].some((word) => jpeg.includes(word))).toBe(false);
    const content = { syntax: "jpeg", samples: 3, width: 8, height: 8, pieces: [jpeg] } as const;
    const [red, green, blue] = await pixelsOf({ ...content, photometric: "YBR_FULL" });
    for (const [is, was] of [
      [red, 200],
      [green, 90],
      [blue, 30],
    ] as const) {
      expect(Math.abs(is - was)).toBeLessThan(3);
    }
    // Brightness and colour differences as they are: Y = 0.299 * 200 + 0.587 * 90 + 0.114 * 30 = 116.
    expect((await pixelsOf({ ...content, photometric: "RGB" }))[0]).toBe(116);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])(
    "lossless JPEG with predictor %i, of 8, 12 and 16 bits",
    async (predictor) => {
      const size = { width: 13, height: 11 };
      for (const precision of [8, 12, 16]) {
        const most = 2 ** precision - 1;
        const values = Array.from({ length: 143 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 9) & most);
        values.splice(20, 4, 0, most, 0, most); // the largest differences
        const jpeg = encodeLossless({ ...size, components: 1, precision, predictor, values });
        const allocated = precision === 8 ? 8 : 16;
        const content = {
          syntax: "lossless",
          ...size,
          allocated,
          stored: precision,
          pieces: [jpeg],
        } as const;
        expect(await pixelsOf(content)).toEqual(values.map((v) => Math.round((v * 255) / most)));
      }
    },
  );

  test("lossless JPEG in colour, in one scan or three, with restarts and shifted bits", async () => {
    const size = { width: 5, height: 6 };
    const values = Array.from({ length: 90 }, (_, i) => (Math.imul(i + 3, 40503) >>> 5) & 255);
    const content = { syntax: "lossless", ...size, samples: 3 } as const;
    for (const apart of [false, true]) {
      const plain = { ...size, components: 3, precision: 8, predictor: 4, values, apart };
      expect(await pixelsOf({ ...content, pieces: [encodeLossless(plain)] })).toEqual(values);
      const restarted = encodeLossless({ ...plain, restart: 2 });
      expect(await pixelsOf({ ...content, pieces: [restarted] })).toEqual(values);
    }
    const shifted = encodeLossless({
      ...size,
      components: 3,
      precision: 8,
      predictor: 6,
      values,
      transform: 2,
    });
    expect(await pixelsOf({ ...content, pieces: [shifted] })).toEqual(values.map((v) => v & ~3));
  });

  test.each([
    ["JPEG-LS", "jpegLs", greyLs, rgbLs],
    ["JPEG-LS of colours apart", "jpegLs", greyLs, rgbApartLs],
    ["JPEG 2000", "jpeg2000", grey2000, rgb2000],
  ] as const)("%s, grey of 12 bits and colour", async (_, syntax, grey, colour) => {
    const places = Array.from({ length: 108 }, (_, i) => [i % 12, Math.floor(i / 12)]);
    const greys = places.map(([x, y]) => Math.round((packedGrey(x, y) * 255) / 4095));
    const content = { syntax, ...packedSize } as const;
    expect(await pixelsOf({ ...content, allocated: 16, stored: 12, pieces: [grey] })).toEqual(greys);
    const colours = places.flatMap(([x, y]) => [0, 1, 2].map((channel) => packedColour(x, y, channel)));
    expect(await pixelsOf({ ...content, samples: 3, pieces: [colour] })).toEqual(colours);
  });

  test("what is not read is refused by its name, with what to do", async () => {
    const refused: readonly [DicomContent, RegExp][] = [
      [
        { named: "1.2.840.10008.1.2.4.201", pieces: [grey2000] },
        /4\.201 \(high-throughput JPEG 2000 lossless\).*write it uncompressed/u,
      ],
      [{ named: "1.2.840.10008.1.2.4.102", pieces: [grey2000] }, /MPEG-4 video/u],
      [{ named: "1.2.840.10008.1.2.4.55", pieces: [grey2000] }, /a retired form of JPEG.*dcmdjpeg/u],
      [{ named: "1.2.3.4", values: bytes12 }, /transfer syntax 1\.2\.3\.4 \(unknown\)/u],
      [{ more: [[0x00280008, "IS", "12"]], values: bytes12 }, /holds 12 frames/u],
      [{ allocated: 32, values: bytes12 }, /32 bits a sample/u],
      [
        { more: [[0x7fe00010], [0x00280010]], modality: "SR" },
        /without pixels: its modality is SR, a structured report/u,
      ],
      [{ more: [[0x7fe00010], [0x00280010]], modality: "CT" }, /without pixels: its modality is CT$/u],
      [{ more: [[0x00041220, "SQ", { items: [] }], [0x7fe00010]] }, /DICOMDIR, a list of files/u],
      [{ photometric: "HSV", values: bytes12 }, /photometric interpretation HSV/u],
      [{ more: [[0x00280010]], values: bytes12 }, /no number of rows \(0028,0010\)/u],
      [{ syntax: "jpeg", values: bytes12 }, /pixels are in one piece/u],
    ];
    for (const [content, reason] of refused) expect(await whyNot(content)).toMatch(reason);
    const twelve = encodeLossless({
      width: 4,
      height: 3,
      components: 1,
      precision: 12,
      predictor: 1,
      values: words12,
    });
    twelve[3] = 0xc1; // says that it is of the extended process
    expect(await whyNot({ syntax: "extended", ...grey16, pieces: [twelve] })).toMatch(
      /JPEG of 12 bits with losses.*dcmdjpeg/u,
    );
  });
});

describe("what is found in a file", () => {
  test.each([false, true])(
    "an icon is not taken for the image, nor a private element for another (ends: %s)",
    async (open) => {
      const icon: Element[] = [
        [0x00280010, "US", [1]],
        [0x00280011, "US", [1]],
        [0x7fe00010, "OB", Uint8Array.from([9, 9])],
      ];
      const more: Element[] = [
        [0x00090010, "LO", "MAKER"],
        [0x00091010, "SQ", { items: [icon, [[0x00091011, "UN", Uint8Array.from([1, 2, 3])]]] }],
        [0x00880200, "SQ", { items: [icon] }],
      ];
      for (const syntax of ["implicit", "explicit", "big"] as const) {
        expect(await pixelsOf({ syntax, open, more, values: bytes12 })).toEqual(bytes12);
      }
    },
  );

  test("a sequence of an unknown representation is written without names", async () => {
    // (0009,1010) UN of undefined length: an item with (0028,0010) in implicit form.
    const inner = Buffer.from("feff00e00a000000" + "28001000020000000700" + "feffdde000000000", "hex");
    const file = writeDicom({ values: bytes12 });
    const at = file.indexOf(Buffer.from("10001000", "hex")); // (0010,0010)
    const head = Buffer.from("09001010554e0000ffffffff", "hex");
    const bytes = Buffer.concat([file.subarray(0, at), head, inner, file.subarray(at)]);
    expect([...(await decode(bytes)).pixels]).toEqual(bytes12);
  });

  test("an odd number of pixels, and padding behind them, are no trouble", async () => {
    const more: Element[] = [[0xfffcfffc, "OB", new Uint8Array(10)]];
    expect(await pixelsOf({ width: 3, height: 3, values: bytes12.slice(0, 9), more })).toEqual(
      bytes12.slice(0, 9),
    );
  });
});

describe("grey levels", () => {
  const ramp = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110];

  test("MONOCHROME1 is turned", async () => {
    expect(await pixelsOf({ photometric: "MONOCHROME1", values: bytes12 })).toEqual(
      bytes12.map((v) => 255 - v),
    );
  });

  test("signed values, and those in other bits than the lowest, are cut out of their sample", async () => {
    // -2048 becomes 0, 2047 becomes 255; the highest four bits hold an overlay.
    const signed = [-2048, -1, 0, 1, 2047, 5, 6, 7, 8, 9, 10, 11];
    const values = signed.map((v) => (v & 0xfff) | 0xa000);
    const right = signed.map((v) => Math.round(((v + 2048) * 255) / 4095));
    expect(await pixelsOf({ ...grey16, signed: true, values })).toEqual(right);
    const high: Element = [0x00280102, "US", [15]];
    expect(await pixelsOf({ ...grey16, values: words12.map((v) => (v << 4) | 5), more: [high] })).toEqual(
      greys12,
    );
  });

  test("the first window is applied to rescaled values, by its formula", async () => {
    // Rescaled: 2 v - 100. Centre 0, width 101: y = ((x + 0.5) / 100 + 0.5) * 255, 0 up to -50.5, 255 above 49.5.
    const rescale: Element[] = [
      [0x00281052, "DS", "-100"],
      [0x00281053, "DS", "2 "],
    ];
    const linear = ramp.map((v) => Math.round(255 * Math.min(1, Math.max(0, (2 * v - 99.5) / 100 + 0.5))));
    expect(linear.slice(0, 6)).toEqual([0, 0, 0, 27, 78, 129]);
    expect(await pixelsOf({ values: ramp, more: [...rescale, ...window("0\\50", "101\\9")] })).toEqual(
      linear,
    );
    const exact = ramp.map((v) => Math.round(255 * Math.min(1, Math.max(0, (2 * v - 100) / 100 + 0.5))));
    expect(
      await pixelsOf({ values: ramp, more: [...rescale, ...window("0", "100", "LINEAR_EXACT")] }),
    ).toEqual(exact);
    const sigmoid = ramp.map((v) => Math.round(255 / (1 + Math.exp((-4 * (2 * v - 100)) / 100))));
    expect(await pixelsOf({ values: ramp, more: [...rescale, ...window("0", "100", "SIGMOID")] })).toEqual(
      sigmoid,
    );
    const step = ramp.map((v) => (v <= 49.5 ? 0 : 255));
    expect(await pixelsOf({ values: ramp, more: window("50", "1") })).toEqual(step);
    expect(await whyNot({ values: ramp, more: window("50", "0") })).toMatch(/window 0 wide/u);
    expect(await whyNot({ values: ramp, more: window("50", "9", "CUBIC") })).toMatch(/of the form CUBIC/u);
    // What to do helps.
    for (const wrong of [window("50", "0"), window("50", "9", "CUBIC")]) {
      expect((await pixelsOf({ values: ramp, more: wrong }, { window: [0, 100] }))[5]).toBe(128);
    }
  });

  test("the manifest's window goes before its bits, and both before the file's window", async () => {
    const content = { ...grey16, more: [...window("5", "2"), [0x00281052, "DS", "1000"] as const] };
    const shown = words12.map((v) => Math.round(255 * Math.min(1, Math.max(0, v / 2048))));
    expect(await pixelsOf(content, { window: [1000, 3048], bits: 12 })).toEqual(shown);
    expect(await pixelsOf(content, { bits: 12 })).toEqual(greys12);
    expect(await whyNot(content, { bits: 10 })).toMatch(/value 4095, more than 1023, the most of 10 bits/u);
    expect(await whyNot({ samples: 3, values: rgb12 }, { window: [0, 9] })).toMatch(
      /in colour \(RGB\).*window/u,
    );
  });

  test("without a window the range of the bits is shown, but not of CT and MR, whose numbers mean something", async () => {
    expect(await pixelsOf(grey16)).toEqual(greys12);
    for (const modality of ["CT", "MR"]) {
      expect(await whyNot({ ...grey16, modality })).toMatch(
        new RegExp(`is ${modality} without a window.*window: \\[`, "u"),
      );
      const shown = words12.map((v) => Math.round((Math.min(v, 2000) * 255) / 2000));
      expect(await pixelsOf({ ...grey16, modality }, { window: [0, 2000] })).toEqual(shown);
      expect(await pixelsOf({ modality, values: bytes12 })).toEqual(bytes12);
    }
  });

  test("padding is black, turned or not, and in a range where the file names one", async () => {
    const padded: Element[] = [[0x00280120, "US", [200]]];
    for (const photometric of ["MONOCHROME1", "MONOCHROME2"]) {
      const right = bytes12.map((v) => (v === 200 ? 0 : photometric === "MONOCHROME1" ? 255 - v : v));
      expect(await pixelsOf({ photometric, values: bytes12, more: padded })).toEqual(right);
    }
    const range: Element[] = [...padded, [0x00280121, "US", [255]]];
    expect(await pixelsOf({ values: bytes12, more: range })).toEqual(bytes12.map((v) => (v >= 200 ? 0 : v)));
  });

  test("tables of the modality and of the window are looked up, with their first value and beyond their ends", async () => {
    const lookup = (tag: number, descriptor: readonly number[], data: readonly number[]): Element => [
      tag,
      "SQ",
      {
        items: [
          [
            [0x00283002, "US", descriptor],
            [0x00283006, "US", data],
          ],
        ],
      },
    ];
    // 8 bits wide: 0, 51, 102 for 10, 11, 12; lower values are like 10, higher ones like 12.
    const values = [0, 9, 10, 11, 12, 13, 255, 10, 10, 10, 10, 10];
    const right = [0, 0, 0, 51, 102, 102, 102, 0, 0, 0, 0, 0];
    for (const open of [false, true]) {
      for (const tag of [0x00283000, 0x00283010]) {
        expect(await pixelsOf({ open, values, more: [lookup(tag, [3, 10, 8], [0, 51, 102])] })).toEqual(
          right,
        );
      }
    }
    const both = [lookup(0x00283000, [3, 10, 8], [0, 51, 102]), ...window("51", "2")];
    expect(await pixelsOf({ values, more: both })).toEqual(
      right.map((v) => (v <= 50 ? 0 : v >= 52 ? 255 : 255)),
    );
  });
});

describe("colours", () => {
  const more: Element[] = [[0x00280006, "US", [1]]];

  test("planes become pixels", async () => {
    const planes = [0, 1, 2].flatMap((channel) => rgb12.filter((_, i) => i % 3 === channel));
    expect(await pixelsOf({ samples: 3, values: planes, more })).toEqual(rgb12);
  });

  test("16 bits are scaled by those that are stored", async () => {
    const values = rgb12.map((v) => v * 16);
    const right = values.map((v) => Math.round((v * 255) / 4095));
    expect(await pixelsOf({ samples: 3, allocated: 16, stored: 12, values })).toEqual(right);
  });

  test("YBR_FULL, and YBR_FULL_422 of two pixels with one colour, become RGB", async () => {
    // Red: Y 76, Cb 85, Cr 255; grey 100: 100, 128, 128.
    const ybr = { samples: 3, width: 2, height: 1, photometric: "YBR_FULL" };
    expect(await pixelsOf({ ...ybr, values: [76, 85, 255, 100, 128, 128] })).toEqual([
      254, 0, 0, 100, 100, 100,
    ]);
    const halved = { ...ybr, photometric: "YBR_FULL_422", values: [76, 100, 85, 255] };
    expect(await pixelsOf(halved)).toEqual([254, 0, 0, 255, 24, 24]);
  });

  test("a palette of 16 bits gives the high bytes, one of 8 bits its words or its bytes", async () => {
    const colours = [
      [255, 0, 10],
      [0, 128, 20],
      [7, 9, 30],
    ]; // red, green, blue of the stored values 1, 2, 3
    const values = [0, 1, 2, 3, 200, 1, 1, 1, 1, 1, 1, 1];
    const right = values.flatMap((v) => colours[Math.min(Math.max(v - 1, 0), 2)]);
    const palette = (bits: number, data: (colour: number) => Element[2]): Element[] =>
      [0, 1, 2].flatMap((colour): Element[] => [
        [0x00281101 + colour, "US", [3, 1, bits]],
        [0x00281201 + colour, "OW", data(colour)],
      ]);
    const content = { photometric: "PALETTE COLOR", values };
    const wide = palette(16, (colour) => colours.map((each) => each[colour] * 256 + 99));
    expect(await pixelsOf({ ...content, more: wide })).toEqual(right);
    const words = palette(8, (colour) => colours.map((each) => each[colour]));
    expect(await pixelsOf({ ...content, more: words })).toEqual(right);
    const bytes = palette(8, (colour) => Uint8Array.from([...colours.map((each) => each[colour]), 0]));
    expect(await pixelsOf({ ...content, more: bytes })).toEqual(right);
    const segmented: Element[] = [
      [0x00281221, "OW", [1]],
      [0x00281101, "US", [3, 1, 16]],
    ];
    expect(await whyNot({ ...content, more: segmented })).toMatch(/palette in segments/u);
  });
});
