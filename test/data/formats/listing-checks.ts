// What the tests of all formats share: listing an entry as a manifest would, checking a listing whole, damaging a file.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { TesseraError } from "../../../src/errors/errors.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { ListContext, Listing, PixelArray } from "../../../src/data/catalogue/listing.ts";
import type { Remark } from "../../../src/data/catalogue/remarks.ts";
import type { Format } from "../../../src/data/formats/format.ts";
import { randomStream } from "../../../src/data/random-stream.ts";

/** A context whose paths are below `folder`. */
export function contextIn(folder: string, changes: Partial<ListContext> = {}): ListContext {
  const read = new Map<string, unknown>();
  return {
    entry: "entry",
    classes: [],
    image: { height: 28, width: 28, channels: 1 },
    seed: 1,
    limit: Infinity,
    wanted: [],
    remark: () => undefined,
    bad: (error) => {
      throw error;
    },
    locate: (path) => Promise.resolve(join(folder, path)),
    once: <Content>(key: string, load: () => Promise<Content>) => {
      const content = (read.get(key) as Promise<Content> | undefined) ?? load();
      read.set(key, content);
      return content;
    },
    ...changes,
  };
}

/** The context, and what is remarked upon in it. */
export function remarksOf(context: ListContext): {
  readonly context: ListContext;
  readonly remarks: Omit<Remark, "source">[];
} {
  const remarks: Omit<Remark, "source">[] = [];
  return { context: { ...context, remark: (remark) => remarks.push(remark) }, remarks };
}

/** A format with its schema, which takes milliseconds to make. */
export function lister<Fields extends z.ZodRawShape>(
  format: Format<Fields>,
): (entry: Record<string, unknown>, context: ListContext) => Promise<Listing> {
  const schema = z.object(format.fields);
  return async ({ window, ...own }, context) =>
    format.list(schema.parse(own), { ...context, window: window as ListContext["window"] });
}

/** Everything that holds of any listing. */
export function expectWhole({ labelNames, records, rawLabels: codes }: Listing): void {
  expect(new Set(labelNames).size).toBe(labelNames.length);
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  expect(codes.length).toBe(records.length * labelNames.length);
  const known = new Set<number>(Object.values(rawLabel));
  expect(codes.every((code) => known.has(code))).toBe(true);
  const arrays = new Set<PixelArray>();
  for (const { image } of records) {
    if (image.kind !== "array") continue;
    arrays.add(image.array);
    if (!(image.at >= 0 && image.at < image.array.count))
      expect.fail(`image ${image.at} of ${image.array.file}`);
  }
  for (const { count, height, width, channels, pixels } of arrays) {
    expect(pixels.length).toBe(count * height * width * channels);
  }
}

/** How many records each label is positive on. */
export function positives({ labelNames, records, rawLabels: codes }: Listing, part?: string): number[] {
  const counts = labelNames.map(() => 0);
  for (const [i, record] of records.entries()) {
    if (part !== undefined && record.part !== part) continue;
    for (const k of labelNames.keys()) {
      if (codes[i * labelNames.length + k] === rawLabel.positive) counts[k]++;
    }
  }
  return counts;
}

/** Expects a typed error of one line. */
export async function expectRefusal(work: Promise<unknown>, message: RegExp): Promise<void> {
  const failure: unknown = await work.then(
    () => "nothing was refused",
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TesseraError);
  expect(String(failure)).toMatch(message);
  expect(String(failure)).not.toMatch(/\n/u);
}

/** A damaged copy: a few flipped bits, a cut, a piece copied over another, or a piece put in; the same for one seed. */
export function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const random = randomStream(seed, "damage");
  const copy = Uint8Array.from(bytes);
  const at = random.below(copy.length);
  const piece = copy.slice(at, at + 1 + random.below(64));
  const to = random.below(copy.length);
  switch (seed % 4) {
    case 0:
      for (let flips = random.below(8); flips >= 0; flips--) {
        copy[random.below(copy.length)] ^= 1 << random.below(8);
      }
      return copy;
    case 1:
      return copy.slice(0, at);
    case 2:
      copy.set(piece.subarray(0, copy.length - to), to);
      return copy;
    default:
      return Buffer.concat([copy.subarray(0, to), piece, copy.subarray(to)]);
  }
}

/**
 * Lists `copies` damaged copies of a file: each must be refused with a typed error or give a whole listing.
 *
 * @returns how many were refused
 */
export async function surviveDamage(
  folder: string,
  bytes: Uint8Array,
  copies: number,
  list: (path: string) => Promise<Listing>,
): Promise<number> {
  let refused = 0;
  for (let seed = 0; seed < copies; seed++) {
    writeFileSync(join(folder, "damaged"), damaged(bytes, seed));
    try {
      expectWhole(await list("damaged"));
    } catch (error) {
      if (!(error instanceof TesseraError)) throw error;
      expect(error.message).toContain("damaged");
      refused++;
    }
  }
  return refused;
}
