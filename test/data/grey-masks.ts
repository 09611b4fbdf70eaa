// Grey PNG files of numbers, as masks and as small images.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PNG } from "pngjs";

/** Writes a file below a folder, which is made. */
export function writeBelow(root: string, name: string, content: Uint8Array | string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

/** Writes a grey PNG of numbers, row by row. */
export function writeGrey(root: string, name: string, numbers: readonly number[], width = 4): void {
  const png = new PNG({ width, height: numbers.length / width });
  for (const [i, number] of numbers.entries()) png.data.set([number, number, number, 255], 4 * i);
  writeBelow(root, name, PNG.sync.write(png, { colorType: 0 }));
}
