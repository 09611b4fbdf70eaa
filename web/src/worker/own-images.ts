// Images that somebody dropped: looked at, loaded, and laid out as if two hospitals had half of them each.

import {
  imageSet,
  loadImages,
  planImages,
  randomStream,
  type ImagePlan,
  type ImageSet,
} from "@tessera-gpu/tessera/data";
import type { OwnFile, Setup } from "../protocol.ts";
import type { Keeper } from "./keeper.ts";
import type { Radiographs } from "./radiographs.ts";

type Loaded = ImageSet<Uint8Array>;

/** All of it in memory, before anybody has said who labels what. */
export interface OwnImages {
  readonly classes: readonly string[];
  readonly train: Loaded;
  readonly test: Loaded;
}

/** More classes make no grid that a person can read. */
const mostClasses = 12;
/** More than these take too long to decode in a page. */
const mostImages = 100_000;
/** A page has a gigabyte or two for everything. */
const mostBytes = 400e6;
const testShare = 0.2;

/**
 * Looks at files and loads them.
 *
 * @param base seed, size, and at most how many images each hospital has
 * @param most images that each hospital learns from
 * @returns the images, the setup that learns from them, and what was found, in words
 * @throws DataError, or an error that says what to drop instead
 */
export async function loadOwn(
  name: string,
  files: readonly OwnFile[],
  base: Setup,
  most: number,
  progress: (done: number, total: number) => void,
): Promise<{ readonly own: OwnImages; readonly setup: Setup; readonly words: string }> {
  const named = files.map(({ path, file }) => ({ path, bytes: file }));
  const source = name === "" ? "What was dropped" : name;
  const first = await planImages(named, { source, skipBad: true });
  const { channels } = first.image;
  const { size, seed } = base;
  if (first.count > mostImages) {
    throw new Error(
      `${source} holds ${words(first.count)} images: drop at most ${words(mostImages)}, so that they fit into a page`,
    );
  }
  const fitted = { height: size, width: size, channels, fit: "crop" } as const;
  const plan = await planImages(named, { source, skipBad: true, image: fitted, most: mostBytes });
  const [classes, others] = chosenClasses(plan);
  const split = (plan.parts?.test ?? 0) > 0 ? "official" : { test: testShare, seed };
  const { sets, skipped } = await loadImages(plan, { classes, others, split, onProgress: progress });
  const { train, test } = sets;
  if (train === undefined || test === undefined || train.count < 2) {
    throw new Error(
      `${source} holds ${words(plan.count)} images: that is too few to learn from and to test on; drop more of them`,
    );
  }
  const stream = randomStream(seed, "own images");
  const some = (set: Loaded, count: number): Loaded =>
    rowsOf(set, shuffled(set.count, stream).slice(0, count));
  const own = { classes, train: some(train, 2 * most), test: some(test, 2 * most) };
  return {
    own,
    setup: setupOf(base, source, own),
    words: foundWords(
      first,
      own,
      skipped.map(({ message }) => message),
    ),
  };
}

/** Those with most images, and the others. @throws an error where there is nothing to tell apart */
function chosenClasses({ source, labels }: ImagePlan): [classes: string[], others: string[]] {
  const byCount = labels.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count);
  if (byCount.length === 0 || (labels.length === 1 && byCount.length === 1)) {
    throw new Error(
      `${source} holds images of ${byCount.length} class: drop a folder with a folder of images for each class, so that there is something to tell apart`,
    );
  }
  const chosen = new Set(byCount.slice(0, mostClasses).map(({ name }) => name));
  const names = labels.map(({ name }) => name);
  return [names.filter((name) => chosen.has(name)), names.filter((name) => !chosen.has(name))];
}

function setupOf(base: Setup, name: string, { classes, train, test }: OwnImages): Setup {
  // Four of six, as of the drawn radiographs: each hospital has classes that the other has not, and some are of both.
  const share = classes.length < 3 ? 1 : Math.ceil((2 * classes.length) / 3);
  return {
    ...base,
    classes,
    sources: base.sources.map((source, i) => ({
      name: source.name,
      knows: i === 0 ? classes.slice(0, share) : classes.slice(-share),
    })),
    own: { name, images: train.count, testImages: test.count, channels: train.channels },
  };
}

const words = (count: number): string => count.toLocaleString("en");

function foundWords(
  { source, labels, count, image, remarks }: ImagePlan,
  { classes, train, test }: OwnImages,
  skipped: readonly string[],
): string {
  const counts = labels
    .filter(({ name }) => classes.includes(name))
    .map((label) => `${label.name} ${words(label.count)}`);
  const more = labels.length > classes.length ? ` (the most frequent of ${labels.length})` : "";
  const left = train.count + test.count < count - skipped.length ? `, drawn from all ${words(count)}` : "";
  const size = `${train.width} x ${train.height}`;
  return [
    `${source}: ${words(count)} images in ${classes.length} classes${more}: ${counts.join(", ")}.`,
    `The first is of ${image.width} x ${image.height} pixels; all are brought to ${size}, their middle part, in ${train.channels === 3 ? "colour" : "grey"}.`,
    `${words(train.count)} are learned from, half of them in each hospital, and ${words(test.count)} are the test${left}.`,
    ...remarks,
    ...(skipped.length === 0 ? [] : [`Left out: ${words(skipped.length)}, such as ${skipped[0] ?? ""}.`]),
  ].join(" ");
}

/** 0 to count - 1 in random order. */
function shuffled(count: number, random: { below(limit: number): number }): number[] {
  const rows = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const k = random.below(i + 1);
    [rows[i], rows[k]] = [rows[k] ?? 0, rows[i] ?? 0];
  }
  return rows;
}

/** Some images of a set, in an order. */
function rowsOf(set: Loaded, rows: readonly number[]): Loaded {
  const { source, height, width, channels } = set;
  const [each, classes] = [height * width * channels, set.states.length / set.count];
  const pixels = new Uint8Array(rows.length * each);
  const states = new Uint8Array(rows.length * classes);
  rows.forEach((row, i) => {
    pixels.set(set.pixels.subarray(row * each, (row + 1) * each), i * each);
    states.set(set.states.subarray(row * classes, (row + 1) * classes), i * classes);
  });
  return imageSet({ source, count: rows.length, height, width, channels, pixels, states }, classes);
}

/** As the drawn radiographs are: a part for each hospital, with the labels that it knows. */
export function hospitalsOf({ classes, train, test }: OwnImages, { sources }: Setup): Radiographs {
  const sets = sources.map(({ name, knows }, i): [string, ImageSet] => {
    const [from, to] = [i, i + 1].map((at) => Math.round((at * train.count) / sources.length));
    const set = rowsOf(
      train,
      Array.from({ length: (to ?? 0) - (from ?? 0) }, (_, k) => (from ?? 0) + k),
    );
    const states = set.states.map((state, at) =>
      knows.includes(classes[at % classes.length] ?? "") ? state : 255,
    );
    return [name, imageSet({ ...set, source: `hospital ${name}`, states }, classes.length)];
  });
  return { sources: new Map(sets), test, sourceOf: () => undefined };
}

const [headName, bytesName] = ["own.json", "own.bin"];

/** Keeps the images, so that a training of them goes on after its tab was closed. */
export async function keepOwn({ classes, train, test }: OwnImages, keeper: Keeper): Promise<void> {
  // With the name of the source: a checkpoint is of images by it.
  const sizeOf = ({ source, count, height, width, channels }: Loaded) => ({
    ...{ source, count, height, width, channels },
  });
  const head = { classes, train: sizeOf(train), test: sizeOf(test) };
  const parts = [train, test].flatMap(({ pixels, states }) => [pixels, states]);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  await keeper.keep(bytesName, bytes);
  await keeper.keep(headName, new TextEncoder().encode(JSON.stringify(head)));
}

/** @throws an error where they are not kept */
export async function keptOwn(keeper: Keeper): Promise<OwnImages> {
  const [head, bytes] = [await keeper.find(headName), await keeper.find(bytesName)];
  if (head === undefined || bytes === undefined) {
    throw new Error(
      "The images of that training are not kept in this browser: drop them again, and train anew",
    );
  }
  type Size = Pick<Loaded, "source" | "count" | "height" | "width" | "channels">;
  const { classes, train, test } = JSON.parse(new TextDecoder().decode(head)) as {
    readonly classes: readonly string[];
    readonly train: Size;
    readonly test: Size;
  };
  let at = 0;
  const next = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  const read = (size: Size): Loaded => {
    const pixels = next(size.count * size.height * size.width * size.channels);
    const states = next(size.count * classes.length);
    return imageSet({ ...size, pixels, states }, classes.length);
  };
  return { classes, train: read(train), test: read(test) };
}
