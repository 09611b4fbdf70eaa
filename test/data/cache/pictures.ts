// Small image files and catalogues of them, made on the spot.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { onTestFinished } from "vitest";
import type { Catalogue } from "../../../src/data/catalogue/catalogue.ts";
import type { SampleList } from "../../../src/data/catalogue/sample-lists.ts";

export const size = { height: 8, width: 8, channels: 1 };

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tessera-pixels-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The grey pixels of picture `seed`, no two alike. */
export function pixelsOf(seed: number, count = size.height * size.width): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, i) => (i * (seed + 3) + 37 * seed + (seed >> 3)) % 251);
}

/** A PNG file's bytes. */
export function png(
  pixels: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number } = size,
): Buffer {
  const picture = new PNG({ height, width, colorType: 0 });
  pixels.forEach((value, i) => picture.data.set([value, value, value, 255], 4 * i));
  return PNG.sync.write(picture, { colorType: 0 });
}

/** Writes pictures `seeds` into a folder; their paths. */
export function writePictures(folder: string, seeds: readonly number[]): string[] {
  return seeds.map((seed) => {
    const file = join(folder, `picture-${seed}.png`);
    writeFileSync(file, png(pixelsOf(seed)));
    return file;
  });
}

/** A list of image files, of which even ones are positive for the first of two classes. */
export function listOf(source: string, files: readonly string[]): SampleList {
  return {
    source,
    part: "train",
    samples: files.map((file) => ({ id: file, image: { kind: "file", file } as const })),
    states: Uint8Array.from({ length: 2 * files.length }, (_, i) =>
      i % 4 === 0 ? 1 : i % 2 === 0 ? 0 : 255,
    ),
    uncertain: new Uint32Array(2),
  };
}

export const catalogueOf = (...lists: SampleList[]): Catalogue => ({
  classes: ["a", "b"],
  image: size,
  lists,
  skipped: [],
  remarks: [],
});

export const range = (count: number, first = 0): number[] =>
  Array.from({ length: count }, (_, i) => first + i);
