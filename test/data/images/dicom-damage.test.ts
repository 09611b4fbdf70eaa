import { describe, expect, test } from "vitest";
import { decodeImage } from "../../../src/data/images/index.ts";
import { complaint } from "./complaint.ts";
import { packRuns, writeDicom } from "./dicom-files.ts";
import type { DicomContent, Element } from "./dicom-files.ts";
import { mutated } from "./image-files.ts";
import { encodeLossless } from "./lossless-jpeg.ts";
import { grey2000, packedSize, rgb2000, rgbLs } from "./packed-streams.ts";

const decode = (bytes: Uint8Array) => decodeImage(bytes, "x.dcm");
const whyNot = (content: DicomContent): Promise<string> => complaint(decode(writeDicom(content)), "x.dcm");
const bytes12 = [0, 1, 2, 127, 128, 129, 200, 254, 255, 7, 9, 11];

describe("damaged DICOM", () => {
  test("that breaks off says so, wherever it does before its last pixel", async () => {
    const whole = writeDicom({ values: bytes12 });
    for (let length = 140; length < whole.length; length++) {
      const reason = await complaint(decode(whole.subarray(0, length)), "x.dcm");
      expect(reason).toMatch(/breaks off early|without pixels|damaged DICOM/u);
    }
    expect(await complaint(decode(whole.subarray(0, whole.length - 3)), "x.dcm")).toMatch(
      /breaks off early/u,
    );
  });

  test("claims are checked before anything of that size is made", async () => {
    const huge: Element[] = [
      [0x00280010, "US", [60_000]],
      [0x00280011, "US", [60_000]],
    ];
    expect(await whyNot({ more: huge, values: bytes12 })).toMatch(/claims 60000 x 60000 pixels/u);
    expect(await whyNot({ more: [[0x00280010, "US", [0]]], values: bytes12 })).toMatch(/header is damaged/u);
    expect(await whyNot({ syntax: "jpeg2000", width: 13, height: 9, pieces: [rgb2000], samples: 3 })).toMatch(
      /header says 13 x 9 pixels of 3, and the image in it 12 x 9 of 3/u,
    );
    const deep = Buffer.concat(
      Array(5000).fill(Buffer.from("0900101053510000fffffffffeff00e0ffffffff", "hex")),
    );
    const file = writeDicom({ values: bytes12 });
    const at = file.indexOf(Buffer.from("10001000", "hex"));
    const nested = Buffer.concat([file.subarray(0, at), deep, file.subarray(at)]);
    expect(await complaint(decode(nested), "x.dcm")).toMatch(/sequences are over 100 deep/u);
  });

  const size = { width: 24, height: 20 };
  const values = Array.from({ length: 480 }, (_, i) => (i * 7 + (i >> 5)) & 255);
  const shown: Element[] = [
    [0x00281050, "DS", "100"],
    [0x00281051, "DS", "200"],
  ];
  const samples: readonly [string, DicomContent][] = [
    ...(["implicit", "explicit", "deflated", "big"] as const).map(
      (syntax) => [syntax, { syntax, ...size, values, more: shown }] as [string, DicomContent],
    ),
    [
      "run lengths",
      { syntax: "rle", ...size, pieces: [packRuns(values, { width: 24, samples: 1, bytes: 1 })] },
    ],
    [
      "lossless JPEG",
      {
        syntax: "lossless",
        ...size,
        pieces: [encodeLossless({ ...size, components: 1, precision: 8, predictor: 5, restart: 4, values })],
      },
    ],
    ["JPEG-LS", { syntax: "jpegLs", ...packedSize, samples: 3, pieces: [rgbLs] }],
    ["JPEG 2000", { syntax: "jpeg2000", ...packedSize, allocated: 16, stored: 12, pieces: [grey2000] }],
  ];
  test.each(samples)("copies of %s end in a DataError or in pixels", async (_, content) => {
    const file = writeDicom(content);
    let refused = 0;
    for (let seed = 0; seed < 60; seed++) {
      // Its first 128 bytes mean nothing.
      const copy = Buffer.concat([file.subarray(0, 128), mutated(file.subarray(128), seed)]);
      const image = await decode(copy).catch((error: unknown) => error);
      if (image instanceof Error) {
        refused++;
        await complaint(Promise.reject(image), "x.dcm");
      } else {
        const { height, width, channels, pixels } = image as Awaited<ReturnType<typeof decode>>;
        expect(pixels).toHaveLength(height * width * channels);
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
