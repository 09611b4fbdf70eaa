// Label maps at the size of their images: where a network's pixels come to lie, and which pixels are filled.
import { describe, expect, test } from "vitest";
import { completedMap, pixelOrigins, wholeMap } from "../../src/assemble/whole-maps.ts";
import { background as _, ignored as x } from "../../src/labels/label-map.ts";

const sigmoid = { softmax: false };

describe("a label map at the size of its image", () => {
  test("is decided pixel by pixel at the network's own size, above one half and not at it", () => {
    const probabilities = Float32Array.of(0.5, 0.4, 0.6, 0.9, 0.2, 0.1);
    expect([...wholeMap(probabilities, { height: 1, width: 3 }, { height: 1, width: 3 }, sigmoid)]).toEqual([
      _,
      1,
      _,
    ]);
  });

  test("interpolates probabilities between the middles of pixels before it decides", () => {
    // Two pixels over eight: probability .5 lies between the middles of 0.8 and 0.2, at the image's middle.
    const probabilities = Float32Array.of(0.8, 0.2);
    const map = wholeMap(probabilities, { height: 1, width: 2 }, { height: 1, width: 8 }, sigmoid);
    expect([...map]).toEqual([0, 0, 0, 0, _, _, _, _]);
    const steep = wholeMap(
      Float32Array.of(1, 0.2),
      { height: 1, width: 2 },
      { height: 1, width: 8 },
      sigmoid,
    );
    expect([...steep]).toEqual([0, 0, 0, 0, 0, _, _, _]); // .6, then .5 at 5: 1 - .8 (4.5 - 2 + .5) / 4
  });

  test("leaves out what lay beside a padded image, and ignores what a crop cut off", () => {
    // 4 x 2 in 4 x 4: columns 1 and 2 hold the image.
    const probabilities = Float32Array.from({ length: 16 }, (_each, i) =>
      i % 4 === 1 ? 0.9 : i % 4 === 2 ? 0.1 : 1,
    );
    const pad = wholeMap(
      probabilities,
      { height: 4, width: 4, fit: "pad" },
      { height: 4, width: 2 },
      sigmoid,
    );
    expect([...pad]).toEqual([0, _, 0, _, 0, _, 0, _]);
    const crop = wholeMap(
      Float32Array.of(1, 1, 1, 1),
      { height: 2, width: 2, fit: "crop" },
      { height: 2, width: 4 },
      sigmoid,
    );
    expect([...crop]).toEqual([x, 0, 0, x, x, 0, 0, x]);
  });

  test("of a softmax is the likeliest of classes and background, whatever one half is", () => {
    const probabilities = Float32Array.of(0.4, 0.35, 0.2, 0.1);
    const size = { height: 1, width: 2 };
    expect([...wholeMap(probabilities, size, size, { softmax: true })]).toEqual([0, _]);
    // Known to be neither class 0 nor background more than class 1: .35 against a background of .25.
    expect([...wholeMap(probabilities, size, size, { softmax: true, candidates: [false, true] })]).toEqual([
      1,
      _,
    ]);
  });

  test("of exhaustive classes is the likeliest candidate, however unlikely", () => {
    const probabilities = Float32Array.of(0.4, 0.35, 0.01, 0.02);
    const size = { height: 1, width: 2 };
    for (const softmax of [false, true]) {
      const all = wholeMap(probabilities, size, size, { softmax, exhaustive: true });
      expect([...all]).toEqual([0, 1]);
      const second = wholeMap(probabilities, size, size, {
        ...{ softmax, exhaustive: true },
        candidates: [false, true],
      });
      expect([...second]).toEqual([1, 1]);
    }
  });

  test("of probabilities that are not K a pixel is refused", () => {
    expect(() =>
      wholeMap(new Float32Array(5), { height: 2, width: 2 }, { height: 2, width: 2 }, sigmoid),
    ).toThrow("wholeMap: 5 probabilities are not those of 2 x 2 pixels");
  });
});

describe("a completed map", () => {
  const { nothing, given, predicted, predictedIgnored } = pixelOrigins;

  test("keeps given classes, fills background with unknown classes only, and ignored pixels with any", () => {
    const { map, origins } = completedMap(
      Uint8Array.of(0, _, _, x, x, _),
      Uint8Array.of(1, 0, 1, 0, x, x),
      Uint8Array.of(1, _, 1, 1, x, x),
      false,
    );
    expect([...map]).toEqual([0, _, 1, 0, x, x]);
    expect([...origins]).toEqual([given, predicted, predicted, predictedIgnored, nothing, nothing]);
  });

  test("of a source that outlines every class keeps its background, too", () => {
    const { map, origins } = completedMap(
      Uint8Array.of(_, 1),
      Uint8Array.of(0, 0),
      Uint8Array.of(_, _),
      true,
    );
    expect([...map]).toEqual([_, 1]);
    expect([...origins]).toEqual([given, given]);
  });
});
