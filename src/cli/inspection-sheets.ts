// The pictures that `tessera inspect` writes: contact sheets of the sources, and one of both views.

import { join } from "node:path";
import { pixelGeometry, pixelViews, randomView, viewLabels } from "../assemble/views.ts";
import { chooseExamples } from "../data/inspection/examples.ts";
import { kindOf } from "../data/inspection/counts.ts";
import { permutation } from "../data/assembly/order.ts";
import { randomStream } from "../data/random-stream.ts";
import type { Catalogue } from "../data/catalogue/catalogue.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { bytesAt } from "../data/assembly/row-bytes.ts";
import type { Manifest } from "../assemble/training-manifest.ts";
import type { OpenedCatalogue } from "../data/inspection/opened.ts";
import { examplesPerGroup, sampleSheet } from "../pictures/sample-sheet.ts";
import { overlay } from "../pictures/overlay.ts";
import { viewSheet, type ViewedImage } from "../pictures/view-sheet.ts";
import type { Cell } from "../pictures/contact-sheet.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Engine } from "../runtime/engine.ts";
import { Counter } from "./terminal/counter.ts";
import { writeOutput } from "./terminal/output-files.ts";

/** Images of a set, each by its row. */
async function imagesAt(set: ImageSet, rows: readonly number[]): Promise<Map<number, Cell>> {
  const { height, width, channels, pixels } = set;
  const found = await bytesAt(pixels, height * width * channels, rows);
  return new Map(rows.map((row, i) => [row, { height, width, channels, pixels: found[i] }]));
}

export interface SheetContents {
  readonly catalogue: Catalogue;
  readonly opened: OpenedCatalogue;
  readonly sets: readonly ImageSet[];
  readonly seed: number;
  readonly quiet: boolean;
}

/** Writes `<source>-<part>.png` for each list into an existing folder. @returns the files */
export async function writeSheets(folder: string, contents: SheetContents): Promise<string[]> {
  const { catalogue, opened, sets, seed, quiet } = contents;
  const { classes, lists } = catalogue;
  const files: string[] = [];
  using counter = new Counter("contact sheets", lists.length, quiet);
  for (const [at, list] of lists.entries()) {
    const rowOf = opened.rows[at];
    const known = classes.filter((_, k) =>
      list.samples.some((_sample, row) => kindOf(list.states[row * classes.length + k]) !== "absent"),
    );
    const most = examplesPerGroup(known.length);
    const groups = chooseExamples(classes, list, { most, seed, usable: (row) => rowOf[row] >= 0 });
    const chosen = [...new Set(groups.flatMap(({ rows }) => rows.map((row) => rowOf[row])))];
    const images = [...(await imagesAt(sets[at], chosen)).values()];
    const { maps, height, width } = sets[at];
    const outlines = maps && (await bytesAt(maps, height * width, chosen));
    const placeOf = new Map(chosen.map((row, i) => [row, i]));
    const place = (row: number): number => {
      const found = placeOf.get(rowOf[row]);
      if (found === undefined) throw new Error(`sample ${row} of ${list.source} was not read`);
      return found;
    };
    const stem = `${list.source}-${list.part}`.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 100);
    // Names that differ only in replaced characters would become one file.
    // Where a system takes capitals and small letters for one, so would those.
    const lower = (path: string): string => path.toLowerCase();
    const taken = files.map(lower).includes(lower(join(folder, `${stem}.png`)));
    const file = join(folder, taken ? `${stem}-${at}.png` : `${stem}.png`);
    const image = (row: number): Cell => images[place(row)];
    const drawn = outlines && { map: (row: number): Uint8Array => outlines[place(row)] };
    writeOutput("--sheets", file, sampleSheet({ catalogue, list, groups, image, ...drawn }));
    files.push(file);
    counter.update(at + 1, lists.length, list.source);
  }
  return files;
}

/** Images with the outlines of their label maps, where there are some. */
const outlined = (images: readonly Cell[], maps: readonly Uint8Array[] | undefined): Cell[] =>
  images.map((image, i) => (maps === undefined ? image : overlay({ image, given: maps[i], zoom: 1 })));

/** Number of images on the sheet of views, and of views of each kind. */
const viewedImages = 10;
const drawsOfEach = 3;

/** Writes a sheet of both views of a few training images of each source, drawn by the engine as training draws them. */
export async function writeViews(
  file: string,
  engine: Engine,
  { task, augment, image: { mean, deviation } }: Manifest,
  { catalogue, opened, sets, seed }: SheetContents,
): Promise<void> {
  const training = [...catalogue.lists.entries()].filter(([, { part }]) => part === "train");
  const each = Math.max(1, Math.floor(viewedImages / training.length));
  const { height, width, channels } = catalogue.image;
  const viewed: ViewedImage[] = [];
  const views = task === "segmentation" ? pixelViews(augment) : augment;
  for (const [at, list] of training) {
    const usable = [...list.samples.keys()].filter((row) => opened.rows[at][row] >= 0);
    const drawn = permutation(usable.length, randomStream(seed, "views", list.source)).subarray(0, each);
    const rows = Array.from(drawn, (index) => usable[index]);
    const images = await imagesAt(
      sets[at],
      rows.map((row) => opened.rows[at][row]),
    );
    const originals = [...images.values()];
    if (originals.length === 0) continue; // none can be decoded
    const bytes = height * width * channels;
    const batch = new Uint8Array(originals.length * bytes);
    for (const [i, { pixels }] of originals.entries()) batch.set(pixels, i * bytes);
    const { maps } = sets[at];
    const given = maps && (await bytesAt(maps, height * width, [...images.keys()]));
    const seedOf = (count: number): Tensor => engine.tensor(Uint32Array.of(seed, 0x51ee7, at, count), [4]);
    /** The label maps of both views of all images, one draw: they move as the images do. */
    const moved = async (count: number): Promise<Uint8Array[] | undefined> => {
      if (given === undefined) return undefined;
      const all = new Uint8Array(given.length * height * width);
      for (const [i, map] of given.entries()) all.set(map, i * height * width);
      using tensor = engine.scope(() =>
        viewLabels(engine.tensor(all, [given.length, height, width]), seedOf(count), pixelViews(augment)),
      );
      const values = (await tensor.read()) as Uint8Array;
      return given.map((_, i) => values.slice(i * height * width, (i + 1) * height * width));
    };
    /** View `index` of all images, one draw: as u8 cells. */
    const draw = async (index: 0 | 1, count: number): Promise<Cell[]> => {
      const tensor = engine.scope(() =>
        randomView(
          engine.tensor(batch, [originals.length, height, width, channels]),
          seedOf(count),
          index,
          index === 0 ? views.weak : views.strong,
          { mean, deviation },
          task === "segmentation" ? pixelGeometry : index,
        ),
      );
      const values = (await tensor.read()) as Float32Array;
      tensor.dispose();
      // The clamped array rounds and stays within 0..255.
      const pixels = new Uint8Array(
        Uint8ClampedArray.from(values, (value, i) => {
          const channel = i % channels;
          return 255 * (value * deviation[channel] + mean[channel]);
        }),
      );
      return originals.map((_, i) => ({
        ...{ height, width, channels },
        pixels: pixels.subarray(i * bytes, (i + 1) * bytes),
      }));
    };
    const draws: { weak: Cell[]; strong: Cell[] }[] = [];
    for (let count = 0; count < drawsOfEach; count++) {
      const outlines = await moved(count);
      draws.push({
        weak: outlined(await draw(0, count), outlines),
        strong: outlined(await draw(1, count), outlines),
      });
    }
    for (const [i, original] of outlined(originals, given).entries()) {
      viewed.push({
        names: [list.source, list.samples[rows[i]].id],
        original,
        weak: draws.map(({ weak }) => weak[i]),
        strong: draws.map(({ strong }) => strong[i]),
      });
    }
  }
  writeOutput("--views", file, viewSheet(viewed));
}
