// What the label maps of a segmentation take in memory, as `train` and `plan` print it.

import { expect, test } from "vitest";
import { labelMapBytes, labelMapsHeld } from "../../src/cli/loading.ts";
import { catalogue } from "../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";

const drawn = (task: string) =>
  parseManifest(
    `${task}classes: [mass]\nimage: {height: 16, width: 16, channels: 1}\nsources:\n` +
      `  - {name: A, format: phantoms, site: A, count: 5, knows: [mass]}\ntest: {format: phantoms, site: B, count: 3}\n`,
    "m.yaml",
  );

test("label maps take a byte for each pixel of every image, and a classification has none", async () => {
  const options = { dataRoot: ".", seed: 0 };
  const outlined = await catalogue(drawn("task: segmentation\n"), options);
  expect(labelMapBytes(outlined)).toBe((5 + 3) * 16 * 16);
  expect(labelMapBytes(await catalogue(drawn(""), options))).toBe(0);
  expect(labelMapsHeld(3 * 2 ** 20)).toMatch(/^label maps: 3\.00 MiB, .*--memory/u);
});
