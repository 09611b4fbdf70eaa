// `tessera evaluate` of a classifier on images with boxes or masks: whether its maps lie where its classes are.

import Table from "cli-table3";
import type { MapKind } from "../assemble/activation-maps.ts";
import type { Classifier } from "../assemble/classifier.ts";
import { predictActivations } from "../assemble/predict-activations.ts";
import { mapsInMemory } from "../data/assembly/assembly.ts";
import { whyOutsideOf } from "../data/catalogue/box-lists.ts";
import { boxRegion } from "../data/masks/box-region.ts";
import { ignored } from "../labels/label-map.ts";
import { placeOf } from "../labels/wording.ts";
import type * as localisation from "../metrics/localisation.ts";
import type { PointingGame } from "../metrics/localisation.ts";
import { locateRegion, pixelPlaces, type LocatedRegion } from "../metrics/map-regions.ts";
import { plainTable } from "../report/tables.ts";
import { defaultMemory } from "../runs/load-images.ts";
import type { ModelFile } from "../runs/model-file.ts";
import type { Engine } from "../runtime/engine.ts";
import { ownSize } from "./mask-folder.ts";
import { say, type ModelOptions, type PartImages } from "./model-images.ts";
import { Counter } from "./terminal/counter.ts";

/** Where a classifier looked, against where things are. */
export interface LookedAt {
  readonly kind: MapKind;
  /** Of the maps. */
  readonly height: number;
  readonly width: number;
  /** Share of a map's range. */
  readonly threshold: number;
  /** Null for a class without a region on any image. */
  readonly byClass: Readonly<Record<string, PointingGame | null>>;
}

/**
 * Loaded when it is needed, since it takes half a second; here, since a build leaves the ending of an import alone that stands in a
 * function with `using`.
 */
const metrics = (): Promise<typeof localisation> => import("../metrics/localisation.ts");

/** Images in one batch of predictions. */
const batch = 16;

/** Draws the regions of one image, by class of the manifest, at the size of the set: those of all images would be large. */
type Regions = () => ReadonlyMap<number, Uint8Array>;

interface Looking {
  readonly engine: Engine;
  readonly classifier: Classifier;
  readonly model: ModelFile;
  /** Of the manifest; label maps and boxes are in their numbers. */
  readonly classes: readonly string[];
  /** Those that the model knows as well. */
  readonly shared: readonly string[];
  /** Whether bad records are left out is as the images were loaded: a run's own word counts, too. */
  readonly options: ModelOptions & { readonly mapThreshold: number };
}

/** Whether the images have boxes or masks. */
export const hasRegions = (parts: readonly PartImages[]): boolean =>
  parts.some(({ set, boxes }) => set.maps !== undefined || boxes !== undefined);

/**
 * Holds the maps of a classifier against boxes and masks.
 * @returns undefined where no image has a region of a shared class
 * @throws DataError for a box out of its image, unless bad records are left out
 */
export async function whereItLooked(
  { engine, classifier, model, classes, shared, options }: Looking,
  parts: readonly PartImages[],
  signal: AbortSignal,
): Promise<LookedAt | undefined> {
  const { pointingGame } = await metrics();
  const { normalisation, image } = model.record;
  const inModel = placeOf(model.record.classes);
  const inManifest = placeOf(classes);
  const wanted = shared.map((name) => ({ k: inManifest(name), column: inModel(name) }));
  const found: LocatedRegion[][] = shared.map(() => []);
  const { mapThreshold: threshold } = options;
  const regions = await Promise.all(
    parts.map((part) => regionsOf(part, image, new Set(wanted.map(({ k }) => k)), options)),
  );
  const total = regions.reduce((sum, each) => sum + each.size, 0);
  if (total === 0) return undefined;
  using counter = new Counter("looking", total, options.quiet);
  let [before, size]: [number, { height: number; width: number }] = [0, { height: 0, width: 0 }];
  let kind: MapKind | undefined;
  for (const [i, { set }] of parts.entries()) {
    const rows = [...regions[i].keys()];
    if (rows.length === 0) continue;
    const { height, width } = set;
    kind = await predictActivations(
      ...([engine, classifier, set, normalisation, batch] as const),
      (row, { maps, enlarged, height: mapHeight, width: mapWidth }) => {
        size = { height: mapHeight, width: mapWidth };
        const own = regions[i].get(row)?.();
        for (const [at, { k, column }] of wanted.entries()) {
          const region = own?.get(k);
          const map = { values: maps[column], ...size };
          const located = region && locateRegion(map, enlarged[column], region, { height, width, threshold });
          if (located !== undefined) found[at].push(located);
        }
      },
      {
        ...{ signal, memory: options.memory ?? defaultMemory(), rows },
        progress: (done) => counter.update(before + done, total),
      },
    );
    before += rows.length;
  }
  if (kind === undefined) return undefined;
  const byClass = Object.fromEntries(shared.map((name, at) => [name, pointingGame(found[at])]));
  return { kind, ...size, threshold, byClass };
}

/** The regions of some classes on each image that has any, by row. @throws as `whereItLooked` */
async function regionsOf(
  { source, set, samples, boxes }: PartImages,
  image: ModelFile["record"]["image"],
  wanted: ReadonlySet<number>,
  options: ModelOptions,
): Promise<ReadonlyMap<number, Regions>> {
  const { height, width } = set;
  const found = new Map<number, Regions>();
  if (set.maps !== undefined) {
    const maps = mapsInMemory(set.maps);
    for (let row = 0; row < set.count; row++) {
      const map = maps.subarray(row * height * width, (row + 1) * height * width);
      const seen = [...new Set(map)].filter((k) => wanted.has(k));
      const placesOf = (k: number): Uint8Array =>
        map.map((value) =>
          value === ignored ? pixelPlaces.unknown : value === k ? pixelPlaces.inside : pixelPlaces.outside,
        );
      if (seen.length > 0) found.set(row, () => new Map(seen.map((k) => [k, placesOf(k)])));
    }
  }
  for (const [row, all] of (boxes ?? []).entries()) {
    const own = all.filter(({ k }) => wanted.has(k));
    if (own.length === 0) continue;
    const file = await ownSize(samples[row].image);
    const odd = own.find((box) => whyOutsideOf(box, box.size ?? file) !== undefined);
    if (odd !== undefined) {
      const error = odd.complain(
        `${source}, image ${samples[row].id}: ${whyOutsideOf(odd, odd.size ?? file) ?? ""}`,
      );
      if (!options.skipBad) {
        throw error.advising("mend or remove it, or add --skip-bad to go on without such records");
      }
      say(options, `left out: ${error.message}`);
      continue;
    }
    const placesOf = (k: number): Uint8Array => {
      const ofClass = own.filter((box) => box.k === k);
      const size = ofClass[0].size ?? file;
      return boxRegion(ofClass, size, { ...image, height, width }, pixelPlaces);
    };
    const seen = [...new Set(own.map(({ k }) => k))];
    found.set(row, () => new Map(seen.map((k) => [k, placesOf(k)])));
  }
  return found;
}

const share = (value: number): string => value.toFixed(3);

/** Where it looked, as a table with its explanation. */
export function lookedTable({ byClass, kind, height, width, threshold }: LookedAt): string {
  const head = ["class", "images", "hits", "rate", "95 % interval", "chance", "p", "middle", "IoU"];
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ ...plainTable, head, colAligns });
  for (const [name, game] of Object.entries(byClass)) {
    if (game === null) table.push([name, "0", "", "", "", "", "", "", ""]);
    else {
      const { images, hits, rate, interval, chance, p, middle, iou } = game;
      table.push([
        ...[
          name,
          String(images),
          String(hits),
          share(rate),
          `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`,
        ],
        ...[share(chance), p < 0.001 ? "< .001" : share(p), share(middle), share(iou)],
      ]);
    }
  }
  const how = kind === "grad-cam" ? "Grad-CAM" : "class activation maps";
  return [
    `Where it looked: ${how} of ${height} x ${width} against boxes or masks. Hits: the map is largest inside. Chance: a random point`,
    `would be inside; p: as many hits by chance. Middle: that of the image is inside. IoU: of pixels from ${threshold} of the map's range on.`,
    table.toString(),
  ].join("\n");
}
