// The manifest of tests of segmentation by the command line, and its images and masks: discs and squares, which one source each
// outlines.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { background } from "../../src/labels/label-map.ts";
import { shapeSet } from "../assemble/shapes.ts";

export interface OutlinedShapes {
  /** Images of each source to train on, and those to test and to validate by. */
  readonly images: number;
  readonly tested: number;
  readonly validated: number;
  /** The train section. */
  readonly train: string;
}

/** Writes images and masks below a folder. @returns the manifest, whose data root it is */
export function outlinedShapes(folder: string, { images, tested, validated, train }: OutlinedShapes): string {
  mkdirSync(join(folder, "images"), { recursive: true });
  mkdirSync(join(folder, "masks"), { recursive: true });
  const rows = [
    ...written(folder, shapeSet("discs", images, 1, [0])),
    ...written(folder, shapeSet("squares", images, 2, [1])),
    ...written(folder, shapeSet("test", tested, 3, [0, 1])),
    ...written(folder, shapeSet("validation", validated, 4, [0, 1])),
  ];
  writeFileSync(join(folder, "shapes.csv"), `image,set,patient\n${rows.join("\n")}\n`);
  return `
task: segmentation
classes: [disc, square]
exclusive: true
image: { height: 16, width: 16 }
sources:
  - &shapes
    name: discs
    format: table
    table: shapes.csv
    images: images
    image: image
    patient: patient
    masks: masks
    values: { 1: disc, 2: square }
    knows: [disc]
    where: { set: discs }
  - { <<: *shapes, name: squares, knows: [square], where: { set: squares } }
validation: { <<: *shapes, name: validation, knows: [disc, square], where: { set: validation } }
test: { <<: *shapes, name: test, knows: [disc, square], where: { set: test } }
model: { width: 4, levels: 2 }
train: { ${train} }
`;
}

/** The rows of a set's images, a patient of every two. */
function written(folder: string, { source, count, height, width, pixels, maps }: ImageSet): string[] {
  return Array.from({ length: count }, (_, n) => {
    const name = `${source}-${n}.png`;
    const grey = (from: Uint8Array): Buffer => {
      const own = from.subarray(n * height * width, (n + 1) * height * width);
      const png = new PNG({ width, height, colorType: 0, inputColorType: 0, bitDepth: 8 });
      png.data = Buffer.from(own);
      return PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false });
    };
    const numbers = Uint8Array.from(maps as Uint8Array, (value) => (value === background ? 0 : value + 1));
    writeFileSync(join(folder, "images", name), grey(pixels as Uint8Array));
    writeFileSync(join(folder, "masks", name), grey(numbers));
    return `${name},${source},${source}-${Math.floor(n / 2)}`;
  });
}
