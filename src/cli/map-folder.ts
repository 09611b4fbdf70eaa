// The folder that `tessera predict --maps` writes: of each image a file with the maps of all classes, pictures of some of them, and a
// table of where each is largest.

import { dirname, join } from "node:path";
import { mapKindOf, type MapKind } from "../assemble/activation-maps.ts";
import type { Classifier } from "../assemble/classifier.ts";
import { predictActivations, type ImageActivations } from "../assemble/predict-activations.ts";
import { counted } from "../errors/counted.ts";
import { UsageError } from "../errors/errors.ts";
import { messageOf } from "../files/causes.ts";
import { csvText } from "../files/csv-text.ts";
import { makeFolders } from "../files/folders.ts";
import { replaceFile } from "../files/whole-files.ts";
import { plainSafetensors } from "../interchange/tensor-file.ts";
import { nearMatches, placeOf, visible } from "../labels/wording.ts";
import { pixelOfCell } from "../metrics/map-regions.ts";
import { colours, type Cell } from "../pictures/contact-sheet.ts";
import { heatSize } from "../pictures/heat-overlay.ts";
import { heatSheet } from "../pictures/heat-sheet.ts";
import { defaultMemory } from "../runs/load-images.ts";
import { maskNames } from "../runs/mask-names.ts";
import type { ModelFile } from "../runs/model-file.ts";
import type { Engine } from "../runtime/engine.ts";
import { checkOwnFolder } from "./mask-folder.ts";
import { say, type ModelOptions, type PartImages } from "./model-images.ts";
import { showLogits, showProbabilities } from "./prediction-cells.ts";
import { Counter } from "./terminal/counter.ts";

export interface MapOptions {
  /** The folder. */
  readonly maps?: string;
  /** Classes of which every image gets a picture; default: of each image those that are likelier than not. */
  readonly mapClasses?: readonly string[];
  /** The most images that get maps, the first ones; default: 500. */
  readonly mapLimit?: number;
}

/** Folders and files in the folder. */
const names = { maps: "maps", overlays: "overlays", table: "maps.csv" } as const;
const columns = [
  "source",
  "part",
  "image",
  "patient",
  "class",
  "probability",
  "logit",
  "largest",
  "x",
  "y",
  "overlay",
  "maps",
];
/** Width of a picture's image, about. */
const shownWidth = 320;
/** The most images, unless another number is asked for: 500 files of maps, and pictures of some classes. */
const usualLimit = 500;
/** Images in one batch of predictions. */
const batch = 16;

/**
 * The classes of `--map-classes`, by number.
 * @throws UsageError for a name that is no class of the model
 */
export function mapClassesOf(
  classes: readonly string[],
  asked: readonly string[] | undefined,
): number[] | undefined {
  const place = placeOf(classes);
  return asked?.map((name) => {
    const k = place(name);
    if (k >= 0) return k;
    const near = nearMatches(classes)(name);
    const hint = near === undefined ? "" : `; did you mean ${visible(near)}?`;
    throw new UsageError(
      `--map-classes ${name}: is no class of the model, which knows ${classes.join(", ")}${hint}`,
    );
  });
}

/**
 * What `--maps` is asked for, before anything is computed. @returns the table's file, where none is named
 * @throws UsageError for options that do not fit, and a folder with something in it that nobody forces
 */
export function checkMaps(
  { record, file }: ModelFile,
  { maps, mapClasses, mapLimit, force = false }: MapOptions & { readonly force?: boolean },
): string | undefined {
  const given = Object.entries({ "--map-classes": mapClasses, "--map-limit": mapLimit }).find(
    ([, value]) => value !== undefined,
  );
  if (maps === undefined) {
    if (given === undefined) return undefined;
    throw new UsageError(`${given[0]} is about the maps of --maps: name a folder for them`);
  }
  if (record.task === "segmentation") {
    throw new UsageError(
      `--maps tells where a classifier looked, and ${file} is a segmenter, which says where things are: name a folder with --masks`,
    );
  }
  mapClassesOf(record.classes, mapClasses);
  checkOwnFolder("--maps", maps, force);
  return join(maps, "images.csv");
}

interface Mapping {
  readonly engine: Engine;
  readonly classifier: Classifier;
  readonly model: ModelFile;
  readonly options: MapOptions & ModelOptions & { readonly images?: string };
}

export interface WrittenMaps {
  readonly kind: MapKind;
  /** Images with maps, and those beyond the limit. */
  readonly images: number;
  readonly leftOut: number;
  readonly overlays: number;
}

/** Writes maps of the first images of some parts. @throws UsageError where a file cannot be written */
export async function writeMaps(
  { engine, classifier, model, options }: Mapping,
  folder: string,
  parts: readonly PartImages[],
  signal: AbortSignal,
): Promise<WrittenMaps> {
  const { classes, normalisation } = model.record;
  const chosen = mapClassesOf(classes, options.mapClasses);
  const all = parts.reduce((sum, { set }) => sum + set.count, 0);
  const total = Math.min(all, options.mapLimit ?? usualLimit);
  const paths = maskNames(
    parts.flatMap(({ source, samples }) =>
      samples.map(({ id }) => ({ source: options.images === undefined ? source : undefined, id })),
    ),
    "",
  );
  const ofClasses = maskNames(
    classes.map((id) => ({ id: id.replaceAll(/[\\/]/gu, "_") })),
    "",
  );
  const put = async (path: string, contents: readonly (Buffer | Uint8Array | string)[]): Promise<void> => {
    const file = join(folder, path);
    try {
      makeFolders(dirname(file));
      await replaceFile(file, async (handle) => {
        for (const content of contents) await handle.writeFile(content);
      });
    } catch (cause) {
      throw new UsageError(`--maps ${folder}: ${path} cannot be written (${messageOf(cause)})`, { cause });
    }
  };
  using counter = new Counter("maps", total, options.quiet);
  const rows: string[][] = [];
  const shown = colours.plain;
  let [before, overlays]: [number, number] = [0, 0];
  for (const { source, part, samples, set } of parts) {
    const count = Math.min(set.count, total - before);
    if (count <= 0) break;
    const first = before;
    const { zoom, size } = heatSize(set, shownWidth);
    const image = async (row: number, found: ImageActivations): Promise<void> => {
      const { pixels, logits, maps, enlarged, height, width } = found;
      const { id, patient } = samples[row];
      const path = paths[first + row];
      const [probabilities, shownLogits] = [showProbabilities(logits), showLogits(logits)];
      const raw = join(names.maps, `${path}.safetensors`);
      const metadata = {
        ...{ kind: mapKindOf(classifier.head), source, image: id, classes: JSON.stringify(classes) },
        ...{
          logits: JSON.stringify(Array.from(logits)),
          height: String(set.height),
          width: String(set.width),
        },
      };
      const tensors = new Map(classes.map((name, k) => [name, { shape: [height, width], data: maps[k] }]));
      await put(raw, plainSafetensors(tensors, metadata));
      const cell: Cell = { height: set.height, width: set.width, channels: set.channels, pixels };
      for (const [k, name] of classes.entries()) {
        const heat = enlarged[k];
        const top = maps[k].reduce((most, value, cell) => (value > maps[k][most] ? cell : most), 0);
        const { x, y } = pixelOfCell(top, { height, width }, set);
        const isShown = chosen === undefined ? logits[k] > 0 : chosen.includes(k);
        const overlay = isShown ? join(names.overlays, ofClasses[k], `${path}.png`) : "";
        if (isShown) {
          const caption = [
            { text: name, colour: shown },
            { text: `p ${Number(probabilities[k]).toFixed(3)}`, colour: shown },
          ];
          await put(overlay, [
            heatSheet(cell, [{ text: id, colour: colours.name }], [{ heat, caption }], zoom),
          ]);
          overlays++;
        }
        rows.push([
          ...[source, part ?? "", id, patient ?? "", name, probabilities[k], shownLogits[k]],
          ...[String(maps[k][top]), String(x), String(y), overlay, raw],
        ]);
      }
    };
    await predictActivations(engine, classifier, set, normalisation, batch, image, {
      ...{ signal, memory: options.memory ?? defaultMemory(), size },
      rows: Array.from({ length: count }, (_, row) => row),
      progress: (done) => counter.update(first + done, total),
    });
    before += count;
  }
  await put(names.table, [csvText([columns, ...rows])]);
  return { kind: mapKindOf(classifier.head), images: before, leftOut: all - before, overlays };
}

/** What is said of written maps. */
export function tellMaps(
  { kind, images, leftOut, overlays }: WrittenMaps,
  folder: string,
  options: MapOptions & { readonly quiet: boolean },
): void {
  const how = kind === "grad-cam" ? "Grad-CAM" : "class activation maps";
  const rest =
    leftOut === 0
      ? ""
      : `, and none of ${counted(leftOut, "more image")}: --map-limit allows ${options.mapLimit ?? usualLimit}`;
  const none =
    overlays > 0 || options.mapClasses !== undefined
      ? ""
      : "; no class is likelier than not on any of them: --map-classes CLASS draws a picture of each";
  say(
    options,
    `${how} of ${counted(images, "image")}, and ${counted(overlays, "picture")}, in ${folder}${rest}${none}`,
  );
}
