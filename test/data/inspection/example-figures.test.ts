// Pictures that are far from those of a training: told where their numbers were read wrongly, and not where they are of the same kind.

import { expect, test } from "vitest";
import type { ImageSet } from "../../../src/data/assembly/assembly.ts";
import { examplesOf, examplesSchema, farImages } from "../../../src/data/inspection/example-figures.ts";
import { randomStream } from "../../../src/data/random-stream.ts";

const [side, channels] = [16, 3];
const each = side * side * channels;

/** A bright disc on dark ground, nearly grey, of changing brightness. */
function discs(seed: string, count: number): ImageSet<Uint8Array> {
  const random = randomStream(3, seed);
  const pixels = new Uint8Array(count * each);
  for (let i = 0; i < count; i++) {
    const [light, dark] = [150 + 80 * random.uniform(), 20 + 30 * random.uniform()];
    for (let at = 0; at < each; at++) {
      const [y, x] = [Math.floor(at / (side * channels)), Math.floor(at / channels) % side];
      const inside = (y - 7.5) ** 2 + (x - 7.5) ** 2 < 30;
      pixels[i * each + at] = (inside ? light : dark) + 20 * (random.uniform() - 0.5);
    }
  }
  return { source: seed, count, height: side, width: side, channels, pixels, states: new Uint8Array(count) };
}
const changed = (
  set: ImageSet<Uint8Array>,
  to: (value: number, channel: number) => number,
): ImageSet<Uint8Array> => ({
  ...set,
  pixels: set.pixels.map((value, at) => to(value, at % channels)),
});

test("images of the same kind are not far; too dark, inverted, coloured and empty ones are, and the figure is told", async () => {
  const examples = await examplesOf([discs("train", 200)]);
  expect(examplesSchema.parse(JSON.parse(JSON.stringify(examples[0])))).toEqual(examples[0]);
  const others = discs("others", 200);
  expect(await farImages(others, examples, 200)).toEqual([]);
  const found = async (set: ImageSet<Uint8Array>) => await farImages(set, examples, 64);
  const dark = await found(changed(others, (value) => value >> 4));
  expect(dark).toHaveLength(64);
  expect(dark[0].words).toMatch(/^mean grey level \d, and 98 % of the training images have \d+ to \d+$/u);
  const inverted = await found(changed(others, (value) => 255 - value));
  expect(inverted).toHaveLength(64);
  const red = await found(
    changed(others, (value, channel) => (channel === 0 ? Math.min(255, value + 60) : value)),
  );
  expect(red.map(({ words }) => words)).toContainEqual(expect.stringContaining("mean spread of the colours"));
  expect(await found({ ...others, pixels: new Uint8Array(200 * each) })).toHaveLength(64);
});

test("a picture is far only where it is far from every source, and where every source has images enough to tell", async () => {
  const [bright, dark] = [discs("bright", 120), changed(discs("dark", 120), (value) => value >> 4)];
  expect(await farImages(dark, await examplesOf([bright]), 10)).toHaveLength(10);
  expect(await farImages(dark, await examplesOf([bright, dark]), 120)).toEqual([]);
  expect(await farImages(dark, await examplesOf([bright, discs("few", 99)]), 10)).toEqual([]);
  expect(await farImages(dark, [], 10)).toEqual([]);
});
