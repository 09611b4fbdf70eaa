// Pictures written without Node have the pixels of those written by pngjs, and the bytes of a PNG that every reader takes.

import { expect, test } from "vitest";
import { decodeImage } from "../../src/data/images/index.ts";
import { base64Of } from "../../src/pictures/base64.ts";
import * as node from "../../src/pictures/picture-png.ts";
import * as portable from "../../src/pictures/picture-png-portable.ts";

test.each([1, 3])("%i channels", async (channels) => {
  const [height, width] = [13, 17];
  const pixels = Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 37 + (i >> 3)) % 256);
  for (const { picturePng } of [node, portable]) {
    const file = picturePng({ height, width, channels, pixels });
    const found = await decodeImage(file, "a picture");
    expect(found).toMatchObject({ height, width, channels });
    expect(Buffer.compare(found.pixels, pixels)).toBe(0);
    expect(base64Of(file)).toBe(Buffer.from(file).toString("base64"));
  }
});
