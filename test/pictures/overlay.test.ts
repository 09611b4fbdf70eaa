// Label maps over images: every pixel has the colour that the legend promises, and what is wrong can be seen.
import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { background, ignored } from "../../src/labels/label-map.ts";
import { classColour, hexColour } from "../../src/pictures/class-colours.ts";
import type { Cell, Colour } from "../../src/pictures/contact-sheet.ts";
import { overlaySheet } from "../../src/pictures/overlay-sheet.ts";
import { mistakes, overlay, verdictColours, verdicts, verdictsOf } from "../../src/pictures/overlay.ts";
import { shrunkMap, zoomTo } from "../../src/pictures/zoom.ts";

/** CIELAB of a colour as eyes see it that lack cones for red or green (Machado et al. 2009, severity 1), or none. */
const sights = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  redBlind: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  greenBlind: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
};

function lab(colour: Colour, sight: readonly number[]): readonly [number, number, number] {
  const linear = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const [r, g, b] = [0, 1, 2].map((row) => {
    const sum = linear.reduce((total, value, column) => total + sight[3 * row + column] * value, 0);
    return Math.min(1, Math.max(0, sum));
  });
  const f = (value: number): number => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function leastDistance(count: number, sight: readonly number[]): number {
  const all = Array.from({ length: count }, (_, k) => lab(classColour(k), sight));
  return Math.min(
    ...all.flatMap((one, i) =>
      all.slice(0, i).map((other) => Math.hypot(...one.map((value, axis) => value - other[axis]))),
    ),
  );
}

describe("colours of classes", () => {
  test.each(Object.entries(sights))("of the first twelve are told apart by %s eyes", (_, sight) => {
    expect(leastDistance(12, sight)).toBeGreaterThan(17);
  });

  test("are different for all classes that a map can have, and told apart further than a shade up to 24", () => {
    const all = Array.from({ length: 254 }, (_, k) => hexColour(classColour(k)));
    expect(new Set(all).size).toBe(254);
    expect(all.every((text) => /^#[0-9a-f]{6}$/u.test(text))).toBe(true);
    expect(leastDistance(24, sights.usual)).toBeGreaterThan(10);
  });
});

const grey = (height: number, width: number, level = 100): Cell => ({
  ...{ height, width, channels: 1 },
  pixels: new Uint8Array(height * width).fill(level),
});
const at = ({ width, pixels }: Cell, x: number, y: number): number[] => [
  ...pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];
const [a, b, _, x] = [0, 1, background, ignored];
/** Colours mixed as the drawing mixes them. */
const mixed = (share: number, [red, green, blue]: Colour, under: number): number[] =>
  [red, green, blue].map((value) => Math.round((1 - share) * under + share * value));

describe("verdicts", () => {
  test("tell missed pixels, false alarms and other classes apart, and judge nothing that nobody knows", () => {
    const given = Uint8Array.of(a, a, a, _, _, _, x, a);
    const predicted = Uint8Array.of(a, _, b, a, b, _, a, x);
    const { right, missed, falseAlarm, otherClass } = verdicts;
    const known = Uint8Array.of(right, missed, otherClass, falseAlarm, falseAlarm, right, right, right);
    expect(verdictsOf(given, predicted)).toEqual(known);
    // The source does not outline b: on background it may be there.
    expect([...verdictsOf(given, predicted, [true, false])]).toEqual(
      [...known].map((v, i) => (i === 4 ? right : v)),
    );
  });
});

describe("an overlay", () => {
  test("of nothing is the image in RGB, at its zoom", () => {
    const picture = overlay({ image: grey(2, 3), zoom: 4 });
    expect([picture.height, picture.width, picture.channels]).toEqual([8, 12, 3]);
    expect(new Set(picture.pixels)).toEqual(new Set([100]));
  });

  test("outlines given areas along their inside, and fills predicted ones inside a border of the class's colour", () => {
    const image = grey(5, 5);
    const map = Uint8Array.from({ length: 25 }, (_ignored, i) => (i % 5 < 3 ? b : background));
    const given = overlay({ image, given: map, zoom: 1 });
    expect(at(given, 2, 2)).toEqual([...classColour(b)]); // beside the background
    expect(at(given, 0, 2)).toEqual(mixed(0.2, classColour(b), 100)); // the image's edge is no edge of the area
    expect(at(given, 3, 2)).toEqual([100, 100, 100]);
    const predicted = overlay({ image, predicted: map, zoom: 1 });
    expect(at(predicted, 1, 2)).toEqual(mixed(0.45, classColour(b), 100));
    expect(at(predicted, 2, 2)).toEqual([...classColour(b)]);
    expect(at(predicted, 3, 2)).toEqual([100, 100, 100]);
  });

  test("strikes wrong pixels through, and only these", () => {
    const image = grey(1, 2, 0);
    const picture = overlay({ image, given: Uint8Array.of(_, _), predicted: Uint8Array.of(_, a), zoom: 12 });
    const white = (from: number): number =>
      [...Array(12 * 12).keys()].filter((i) => at(picture, from + (i % 12), Math.floor(i / 12))[2] > 200)
        .length;
    expect(white(0)).toBe(0);
    expect(white(12)).toBeGreaterThan(30);
    expect(white(12)).toBeLessThan(100);
  });

  test("hatches what is predicted of a class that the source does not outline, and calls it not wrong", () => {
    const maps = { given: Uint8Array.of(background), predicted: Uint8Array.of(b) };
    const of = (known: readonly boolean[]): Set<number> =>
      new Set(mistakes({ image: grey(1, 1, 0), ...maps, known, zoom: 12 }).pixels);
    const hatched = mixed(0.6, classColour(b), 0);
    expect(of([true, false])).toEqual(new Set([0, ...hatched]));
    expect(of([true, true])).toEqual(new Set(mixed(0.9, verdictColours.falseAlarm, 0)));
  });

  test("hatches ignored pixels in grey", () => {
    const picture = overlay({ image: grey(1, 1, 0), given: Uint8Array.of(ignored), zoom: 12 });
    expect(new Set(picture.pixels)).toEqual(new Set([0, Math.round(0.6 * 128)]));
  });

  test("of a large image is shrunk, its map with it", () => {
    const image = grey(4, 5, 50);
    const predicted = new Uint8Array(20).fill(a);
    const picture = overlay({ image, predicted, zoom: 1 / 2 });
    expect([picture.height, picture.width]).toEqual([2, 3]);
    expect(at(picture, 2, 1)).toEqual(mixed(0.45, classColour(a), 50));
  });

  test.each([0, -1, 1.5, 0.3, NaN])("at zoom %s is refused", (zoom) => {
    expect(() => overlay({ image: grey(2, 2), zoom })).toThrow(/zoom must be 1, 2, \.\.\./u);
  });

  test("of a map of another size is refused by name", () => {
    expect(() => overlay({ image: grey(2, 2), predicted: new Uint8Array(5), zoom: 1 })).toThrow(
      "overlay: predicted has 5 pixels, and its image 2 x 2 = 4",
    );
  });
});

describe("mistakes", () => {
  test("are in the colours of the legend on the dimmed image", () => {
    const picture = mistakes({
      ...{ image: grey(1, 4, 100), zoom: 1 },
      ...{ given: Uint8Array.of(a, a, _, a), predicted: Uint8Array.of(a, _, a, b) },
    });
    expect(at(picture, 0, 0)).toEqual([55, 55, 55]);
    expect(at(picture, 1, 0)).toEqual(mixed(0.9, verdictColours.missed, 55));
    expect(at(picture, 2, 0)).toEqual(mixed(0.9, verdictColours.falseAlarm, 55));
    expect(at(picture, 3, 0)).toEqual(mixed(0.9, verdictColours.otherClass, 55));
  });

  test("need both maps", () => {
    expect(() => mistakes({ image: grey(1, 1), given: Uint8Array.of(a), zoom: 1 })).toThrow(
      /what is predicted/u,
    );
  });
});

describe("a sheet of overlays", () => {
  test("has four panels a row where both maps are there, two where one is, and names of classes in their colours", () => {
    const row = { image: grey(20, 20, 77), given: new Uint8Array(400).fill(a) };
    const predicted = new Uint8Array(400).fill(a);
    const sheet = (rows: Parameters<typeof overlaySheet>[0]["rows"]): PNG =>
      PNG.sync.read(overlaySheet({ classes: ["liver", "spleen"], rows, width: 40 }));
    const [one, both] = [sheet([row]), sheet([{ ...row, predicted }])];
    expect(both.width).toBeGreaterThan(1.9 * one.width - 20);
    const inked = (png: PNG, colour: Colour): number => {
      let count = 0;
      for (let i = 0; i < png.data.length; i += 4)
        if (colour.every((value, channel) => png.data[i + channel] === value)) count++;
      return count;
    };
    expect(inked(one, classColour(1))).toBeGreaterThan(50);
    expect(inked(one, verdictColours.falseAlarm)).toBe(0);
    expect(inked(both, verdictColours.falseAlarm)).toBeGreaterThan(50);
  });

  test("zooms small images up and large ones down", () => {
    expect([
      zoomTo(96, 288),
      zoomTo(100, 288),
      zoomTo(288, 288),
      zoomTo(300, 288),
      zoomTo(1000, 288),
    ]).toEqual([...[3, 2, 1, 1 / 2, 1 / 4]]);
    expect([...shrunkMap(Uint8Array.of(1, 2, 3, 4, 5, 6), 2, 3, 2)]).toEqual([5, 6]);
  });
});
