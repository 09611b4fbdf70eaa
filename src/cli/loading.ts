// From a manifest to the assembly that a run trains on, told on stderr: what each source gives, what was decoded, what
// was skipped.

import { join } from "node:path";
import Table from "cli-table3";
import { checkMemory } from "../data/assembly/image-reader.ts";
import { assembled } from "../data/assembly/load.ts";
import { catalogue, type Catalogue, type CatalogueOptions } from "../data/catalogue/catalogue.ts";
import { coverageOf, type LabelCoverage } from "../data/inspection/counts.ts";
import {
  decodeAssembly,
  staysOnDisk,
  type DecodedAssembly,
  type DecodeOptions,
} from "../data/assembly/pixels.ts";
import { parts } from "../data/catalogue/listing.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { DataError } from "../errors/data-errors.ts";
import type { Manifest } from "../data/manifest/manifest.ts";
import { plainTable } from "../report/tables.ts";
import { Counter } from "./terminal/counter.ts";
import { cacheFolder } from "./tuning-file.ts";

export interface LoadingOptions {
  readonly dataRoot: string;
  readonly limit?: number | undefined;
  readonly seed: number;
  /** Bytes. */
  readonly memory: number;
  readonly cache?: string;
  readonly skipBad: boolean;
  readonly quiet: boolean;
}

export interface Loaded {
  readonly assembly: Assembly;
  /** What was left out, a line each. */
  readonly skipped: readonly string[];
  /** Image files. */
  readonly decoded: { readonly images: number; readonly fromCache: number };
  /** Which labels each source has, by part. */
  readonly coverage: readonly LabelCoverage[];
}

/** Where decoded images are kept unless `--cache` says otherwise. */
export const imageCacheFolder = (): string => join(cacheFolder(), "images");

/** Lists what a manifest selects, with progress where images are drawn for it. */
export async function listWithProgress(
  manifest: Manifest,
  options: CatalogueOptions,
  quiet: boolean,
): Promise<Catalogue> {
  let counter: { readonly entry: string; readonly counter: Counter } | undefined;
  try {
    return await catalogue(manifest, {
      ...options,
      onDrawn: (entry, done, total) => {
        if (counter?.entry !== entry) {
          counter?.counter[Symbol.dispose]();
          counter = { entry, counter: new Counter(`drawing ${entry}`, total, quiet) };
        }
        counter.counter.update(done, total);
      },
    });
  } finally {
    counter?.counter[Symbol.dispose]();
  }
}

/** Decodes what was listed, with progress. @throws as `decodeAssembly` */
export async function decodeWithProgress(
  selected: Catalogue,
  options: Omit<DecodeOptions, "onProgress">,
  quiet: boolean,
): Promise<DecodedAssembly> {
  const total = imageCount(selected.lists);
  using counter = new Counter("reading images", total, quiet);
  return await decodeAssembly(selected, {
    ...options,
    onProgress: ({ done }) => counter.update(done, total),
  });
}

/** A person reads so many lines. */
const mostLines = 10;

/** The first of what was left out, a line each, and who has all of them. */
export function skippedLines(skipped: readonly DataError[], whole: string): string[] {
  const lines = skipped.slice(0, mostLines).map(({ message }) => `  ${message}`);
  const more = skipped.length - lines.length;
  return more === 0 ? lines : [...lines, `  and ${more} more; ${whole} lists all`];
}

/**
 * Lists and decodes what a manifest selects.
 * @throws DataError, ManifestError as `catalogue` and `decodeAssembly`; UsageError before anything is decoded when images
 *   stay on disk and the memory does not hold two batches; the signal's reason when it was aborted
 */
export async function loadForTraining(
  manifest: Manifest,
  options: LoadingOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Loaded> {
  const { dataRoot, seed, limit, memory, skipBad, quiet } = options;
  const selected = await listWithProgress(manifest, { dataRoot, seed, limit, skipBad }, quiet);
  const files = selected.lists.some(({ samples }) => samples.some(({ image }) => image.kind === "file"));
  if (staysOnDisk(selected, memory)) {
    const { height, width, channels } = selected.image;
    const training = imageCount(selected.lists.filter(({ part }) => part === "train"));
    checkMemory(Math.min(manifest.train.batch, training), height * width * channels, memory);
  }
  const decoding = { cache: options.cache ?? imageCacheFolder(), memory, skipBad, signal };
  const result = await decodeWithProgress(selected, decoding, quiet || !files);
  const { decoded } = result;
  const skipped = [...selected.skipped, ...result.skipped];
  say(sourceTable(selected, result));
  if (files) say(describeDecoding(decoded));
  if (skipped.length > 0) {
    const records = selected.skipped.length;
    const unlisted =
      records === 0 ? "" : `, and ${records} ${records === 1 ? "record" : "records"} of tables and lists`;
    say(`skipped ${result.skipped.length} of ${imageCount(selected.lists)} images${unlisted}:`);
    for (const line of skippedLines(skipped, "summary.json")) say(line);
  }
  return {
    assembly: assembled(selected, result, manifest.learns),
    skipped: skipped.map(({ message }) => message),
    decoded: { images: decoded.images, fromCache: decoded.fromCache },
    coverage: selected.lists.map((list, i) =>
      coverageOf(list, result.sets[i].states, selected.classes.length),
    ),
  };
}

const imageCount = (lists: Catalogue["lists"]): number =>
  lists.reduce((sum, { samples }) => sum + samples.length, 0);

/** Images of each source by part, without those skipped. */
function sourceTable({ lists }: Catalogue, { sets }: DecodedAssembly): string {
  const table = new Table({
    ...plainTable,
    head: ["source", ...parts],
    colAligns: ["left", ...parts.map(() => "right" as const)],
  });
  for (const source of new Set(lists.map((list) => list.source))) {
    const cells = parts.map((part) => {
      const at = lists.findIndex((list) => list.source === source && list.part === part);
      return at < 0 ? "-" : sets[at].count;
    });
    table.push([source, ...cells]);
  }
  return table.toString();
}

function describeDecoding({ images, seconds, fromCache }: DecodedAssembly["decoded"]): string {
  const rate = Math.round(images / Math.max(seconds, 1e-3));
  const now =
    images === 0 ? "" : `${images} image files decoded in ${seconds.toFixed(1)} s, ${rate} images/s`;
  const known = fromCache === 0 ? "" : `${fromCache} found in the cache`;
  return [now, known].filter((text) => text !== "").join("; ");
}
