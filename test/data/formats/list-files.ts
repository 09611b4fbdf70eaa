// Lists small tables that a test writes, as the catalogue would, and counts what they say.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { values } from "../../../src/data/manifest/values-field.ts";
import { DataError } from "../../../src/errors/data-errors.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import type { Format } from "../../../src/data/formats/format.ts";
import { TesseraError } from "../../../src/errors/errors.ts";

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "tessera-tables-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** What a format may ask, with `root` as the data root. */
export function contextAt(root: string, changes: Partial<ListContext> = {}): ListContext {
  const known = new Map<string, Promise<unknown>>();
  return {
    entry: "source",
    classes: ["a"],
    image: { height: 8, width: 8, channels: 1 },
    seed: 1,
    limit: Infinity,
    wanted: [],
    remark: () => undefined,
    bad: (error) => {
      throw error;
    },
    locate: (path) => {
      const file = join(root, path);
      if (!existsSync(file)) return Promise.reject(new DataError(file, "does not exist"));
      return Promise.resolve(file);
    },
    once: <Content>(key: string, read: () => Promise<Content>) => {
      const content = (known.get(key) as Promise<Content> | undefined) ?? read();
      known.set(key, content);
      return content;
    },
    ...changes,
  };
}

/** Writes files below a folder, by path. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Lists an entry as a manifest would write it. */
export async function list<Fields extends z.ZodRawShape>(
  format: Format<Fields>,
  {
    format: _,
    ...entry
  }: z.input<z.ZodObject<Fields>> & { readonly format: string; readonly values?: unknown },
  root: string,
  context = contextAt(root),
): Promise<Listing> {
  return format.list(
    z.strictObject({ ...format.fields, values: values.optional() }).parse(entry) as never,
    context,
  );
}

/** The message of the typed error that a promise ends in, without the folder of the test. */
export async function complaint(listing: Promise<unknown>, folder: string): Promise<string> {
  const error = await listing.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof TesseraError))
    throw new Error(`no typed error but ${String(error)}`, { cause: error });
  return error.message.replaceAll(`${folder}/`, "");
}

/** How many records have each code of one label: [positive, negative, uncertain, blank]. */
export function countsOf(listing: Listing, label: string): number[] {
  const width = listing.labelNames.length;
  const k = listing.labelNames.indexOf(label);
  if (k < 0) throw new Error(`no label ${label}`);
  const codes = listing.records.map((_, i) => listing.rawLabels[i * width + k]);
  return [rawLabel.positive, rawLabel.negative, rawLabel.uncertain, rawLabel.blank].map(
    (code) => codes.filter((other) => other === code).length,
  );
}

/** The codes of one record. */
export function givenOf(listing: Listing, record: number): number[] {
  const width = listing.labelNames.length;
  return [...listing.rawLabels.subarray(record * width, (record + 1) * width)];
}

/** A listing is whole: a row of codes a record, no id twice, every file below the root. */
export function faultOf(listing: Listing, root: string): string | undefined {
  const codes = new Set<number>(Object.values(rawLabel));
  if (listing.rawLabels.length !== listing.records.length * listing.labelNames.length)
    return "length of given";
  if (listing.rawLabels.some((code) => !codes.has(code))) return "unknown code";
  if (new Set(listing.records.map(({ id }) => id)).size !== listing.records.length) return "an id twice";
  const outside = listing.records.find(
    ({ image }) => image.kind !== "file" || !image.file.startsWith(`${root}/`),
  );
  return outside === undefined ? undefined : `${outside.id} outside`;
}

/** The n-th mutation of some bytes: bits flipped, a piece cut out, or a piece copied elsewhere. */
export function mutated(bytes: Uint8Array, n: number): Uint8Array {
  let state = (n + 1) * 0x9e3779b1;
  const below = (most: number): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    return ((state ^ (state >>> 13)) >>> 0) % Math.max(1, most);
  };
  const copy = Uint8Array.from(bytes);
  const start = below(bytes.length);
  const length = 1 + below(Math.min(200, bytes.length - start));
  switch (n % 3) {
    case 0:
      for (let flips = 1 + below(8); flips > 0; flips--) copy[below(copy.length)] ^= 1 << below(8);
      return copy;
    case 1:
      return Uint8Array.of(...copy.subarray(0, start), ...copy.subarray(start + length));
    default: {
      const at = below(bytes.length);
      return Uint8Array.of(
        ...copy.subarray(0, at),
        ...copy.subarray(start, start + length),
        ...copy.subarray(at),
      );
    }
  }
}

/** The first whole lines of a table, gzip'd or not, to mutate. */
export function firstBytes(content: Uint8Array, length: number): Uint8Array {
  const plain = content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content;
  return Uint8Array.from(plain.subarray(0, plain.lastIndexOf(10, length) + 1));
}
