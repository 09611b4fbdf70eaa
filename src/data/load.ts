// Builds the assembly that a manifest describes: which images each source holds, and which of their labels it knows.
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError } from "../device/errors.ts";
import { absent, negative, positive } from "../metrics/label-states.ts";
import { assembly, concatenate, imageSet } from "./assembly.ts";
import type { Assembly, ImageSet } from "./assembly.ts";
import { DataError } from "./failures.ts";
import { readIdxPair } from "./idx.ts";
import type { Manifest, SourceEntry, TestEntry } from "./manifest.ts";
import { permutation } from "./order.ts";
import { defaultPrevalence, findingNames, phantoms, siteNames } from "./phantoms/index.ts";
import type { Finding } from "./phantoms/index.ts";
import { randomStream } from "./random.ts";

export interface LoadOptions {
  /** Folder that the manifest's paths are relative to. */
  readonly dataRoot: string;
  /**
   * Draws which images a limit keeps and which phantoms are drawn. The test split, and how a file is dealt into parts,
   * never depend on it: runs with different seeds are scored on the same images.
   */
  readonly seed: number;
  /** At most so many images a source; the test split has a limit of its own in the manifest. */
  readonly limit?: number | undefined;
}

type Entry = SourceEntry | TestEntry;
type EntryOf<Format extends Entry["format"]> = Extract<Entry, { format: Format }>;

/** What an entry is read under. */
interface Setting {
  readonly manifest: Manifest;
  readonly dataRoot: string;
  readonly seed: number;
  /** Infinity where there is none. */
  readonly limit: number;
  readonly readPair: typeof readIdxPair;
}

/** Deals files into parts and draws the test split: fixed, see LoadOptions.seed. */
const fixedSeed = 0;

/** To read another format, add a row. */
const formats: {
  [Format in Entry["format"]]: (entry: EntryOf<Format>, setting: Setting) => Promise<ImageSet>;
} = {
  idx: readIdxEntry,
  phantoms: drawPhantomEntry,
};

/** @throws DataError for files that are missing, damaged, or do not hold what the manifest says */
export async function loadAssembly(manifest: Manifest, options: LoadOptions): Promise<Assembly> {
  const { dataRoot, seed, limit = Infinity } = options;
  if (!(limit >= 1)) throw new UsageError(`the limit of images a source is ${limit}; it must be 1 or more`);
  // Two sources often share a file; it is read once and forgotten after loading.
  const pairs = new Map<string, ReturnType<typeof readIdxPair>>();
  const readPair: typeof readIdxPair = (images, labels) => {
    const key = JSON.stringify([images, labels]);
    const pair = pairs.get(key) ?? readIdxPair(images, labels);
    pairs.set(key, pair);
    return pair;
  };
  const read = async (entry: Entry, entrySeed: number, most: number): Promise<ImageSet> => {
    const setting = {
      manifest,
      dataRoot,
      readPair,
      seed: entrySeed,
      limit: Math.min(most, entry.limit ?? Infinity),
    };
    // The row for an entry's format takes that entry; the compiler cannot follow this through a table.
    const reader = formats[entry.format] as (entry: Entry, setting: Setting) => Promise<ImageSet>;
    const set = await reader(entry, setting);
    return imageSet(set, manifest.classes.length);
  };

  const sources: ImageSet[] = [];
  for (const source of manifest.sources) sources.push(await read(source, seed, limit));
  const test = await read(manifest.test, fixedSeed, Infinity);
  return assembly({ classes: manifest.classes, sources, test });
}

async function readIdxEntry(entry: EntryOf<"idx">, setting: Setting): Promise<ImageSet> {
  const { manifest, dataRoot, seed, limit, readPair } = setting;
  const { classes, image } = manifest;
  await requireFile(entry.images, dataRoot);
  await requireFile(entry.labels, dataRoot);
  const imagesFile = join(dataRoot, entry.images);
  const labelsFile = join(dataRoot, entry.labels);
  const { count, height, width, pixels, labels } = await readPair(imagesFile, labelsFile);
  if (height !== image.height || width !== image.width) {
    throw new DataError(
      imagesFile,
      `holds images of ${height} x ${width}, but ${manifest.file} says ${image.height} x ${image.width} under image`,
    );
  }

  const { labelNames } = entry;
  const nameOf = (record: number): string => {
    const name = labelNames === undefined ? String(labels[record]) : labelNames.at(labels[record]);
    if (name !== undefined) return name;
    throw new DataError(
      labelsFile,
      `has label ${labels[record]}, but labelNames has ${labelNames?.length} names`,
      {
        record,
      },
    );
  };
  const part = entry.part ?? { index: 1, of: 1 };
  const dealt = permutation(count, randomStream(fixedSeed, "deal"));
  const holds = new Set(entry.holds ?? classes);
  const held = [...dealt].filter(
    (record, at) => at % part.of === part.index - 1 && holds.has(nameOf(record)),
  );
  if (held.length === 0) {
    throw new DataError(labelsFile, `has no image of ${[...holds].join(", ")} for "${entry.name}" to hold`);
  }
  const kept = keep(held, limit, seed, entry.name);

  const area = height * width;
  const knows = classes.map((name) => (entry.knows ?? classes).includes(name));
  const set = {
    source: entry.name,
    count: kept.length,
    height,
    width,
    channels: 1,
    pixels: new Uint8Array(kept.length * area),
    states: new Uint8Array(kept.length * classes.length),
  };
  for (const [i, record] of kept.entries()) {
    set.pixels.set(pixels.subarray(record * area, (record + 1) * area), i * area);
    const name = nameOf(record);
    for (const [k, known] of knows.entries()) {
      set.states[i * classes.length + k] = !known ? absent : classes[k] === name ? positive : negative;
    }
  }
  return set;
}

/** At most `limit` of the records, drawn at random, in the order of the file. */
function keep(records: readonly number[], limit: number, seed: number, name: string): number[] {
  if (records.length <= limit) return records.toSorted((a, b) => a - b);
  const drawn = permutation(records.length, randomStream(seed, "limit", name)).subarray(0, limit);
  return Array.from(drawn, (at) => records[at]).sort((a, b) => a - b);
}

async function requireFile(path: string, dataRoot: string): Promise<void> {
  const root = resolve(dataRoot);
  if (!(await exists(root))) {
    throw new DataError(root, "does not exist; name the folder of the datasets with --data-root");
  }
  const file = join(root, path);
  if (!(await exists(file))) {
    throw new DataError(
      file,
      `does not exist; --data-root is ${root}, and the manifest names ${path} below it`,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false, // whatever keeps us from it: opening it would fail too
  );
}

function drawPhantomEntry(entry: EntryOf<"phantoms">, { manifest, seed, limit }: Setting): Promise<ImageSet> {
  const findings = manifest.classes.filter(isFinding);
  const { prevalence } = entry;
  const count = Math.min(entry.count, limit);
  const sites = entry.site === "both" ? siteNames : [entry.site];
  // Halves that differ by one image at most; of a single image, the second site draws none.
  const shares = sites.map((site, i) => ({
    site,
    count: Math.floor((count + sites.length - 1 - i) / sites.length),
  }));
  const sets = shares
    .filter((share) => share.count > 0)
    .map((share) =>
      phantoms({
        ...share,
        size: manifest.image.height,
        // A stream of its own for each entry, so that two entries at one site share no patient.
        seed: randomStream(seed, "phantoms", entry.name).bits(),
        findings,
        prevalence:
          typeof prevalence === "number"
            ? prevalence
            : Object.fromEntries(
                findings.map((finding) => [finding, prevalence[finding] ?? defaultPrevalence]),
              ),
        knows: findings.filter((finding) => entry.knows?.includes(finding) ?? true),
      }),
    );
  return Promise.resolve(concatenate(entry.name, sets));
}

function isFinding(name: string): name is Finding {
  return (findingNames as readonly string[]).includes(name);
}
