// Reads a manifest: from YAML text to a checked Manifest. Every complaint has its file, line and field.
import { normalisationOf } from "../../interchange/tensor-names.ts";
import { aFunction, aString, expectArgument, madeWith } from "../../errors/arguments.ts";
import type { z } from "zod";
import { complaint, explain, fieldName, lineOf } from "./complaints.ts";
import type { Fail, FieldPath } from "./complaints.ts";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { suggestedPath } from "../../files/near-files.ts";
import { readText } from "../../files/bytes.ts";
import { everyClass, type Learns } from "./class-filter.ts";
import { checkImages, checkNames, checkSplits } from "./manifest-checks.ts";
import { record } from "./fields.ts";
import { inClassSpelling } from "./spelling.ts";
import { flattenClasses } from "./flatten-classes.ts";
import type { Parents } from "../../labels/class-tree.ts";
import { manifestFields, otherSections, type ManifestContent } from "./manifest-schema.ts";
import { readYaml, settleNumbers } from "./yaml-text.ts";

/** A checked manifest; every default is filled in. Fields and units: manifest-schema.ts. */
export interface DataManifest extends Omit<ManifestContent, "image"> {
  /** Where it came from, for messages. */
  readonly file: string;
  /** All of it. */
  readonly text: string;
  /** `mean` and `deviation` hold one number a channel. */
  readonly image: Omit<ManifestContent["image"], "mean" | "deviation" | "normalise"> & {
    readonly mean: number[];
    readonly deviation: number[];
  };
  /** The class right above each class, by number, and -1 where there is none; undefined where `classes` is a flat list. */
  readonly parents?: Parents;
  /** Which classes its sources are to teach. */
  readonly learns: Learns;
  /** A complaint about a field, with its line: for what is known to be wrong only once the data is read. */
  readonly complain: (path: FieldPath, reason: string, cause?: unknown) => ManifestError;
}

/** More text than a person writes: a data file given by mistake is refused before it is parsed. */
const largestManifest = 2 ** 20;

/** One complaint is reported, the first in the file; this many are looked up to find it. */
const mostComplaints = 100;

/** The text of a manifest. @throws ManifestError naming the file */
/** A manifest as far as arguments are looked at. */
export const aManifest = madeWith("a manifest, as readManifest gives it", ["classes", "image", "sources"]);

/** @throws UsageError unless they are what a manifest is read from */
export function expectManifestSource(what: string, file: string, learns: Learns, text: string): void {
  expectArgument(what, "the text", text, aString);
  expectArgument(what, "the file", file, aString);
  expectArgument(what, "learns", learns, aFunction);
}

export async function readManifestText(file: string): Promise<string> {
  try {
    return await readText(file, { most: largestManifest });
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    const near = cause.reason === "does not exist" ? await suggestedPath(file) : "";
    throw new ManifestError(file, "", `${cause.reason}${near}`, { cause });
  }
}

/**
 * Reads what a manifest says of images and labels; how a model is made and trained is not looked into.
 * @param learns default: every class
 * @throws ManifestError naming file, line and field
 */
export async function readManifest(file: string, learns: Learns = everyClass): Promise<DataManifest> {
  expectManifestSource("readManifest", file, learns, "");
  return parseManifest(await readManifestText(file), file, learns);
}

/** The same from text. @param file the name that messages carry */
export function parseManifest(text: string, file: string, learns: Learns = everyClass): DataManifest {
  expectManifestSource("parseManifest", file, learns, text);
  return parseManifestWith(text, file, { learns, sections: otherSections, check: () => undefined });
}

/** How the sections beside those of the data are read. */
export interface SectionReading<Sections extends z.ZodRawShape> {
  readonly learns: Learns;
  /** Fields of the manifest, by name. */
  readonly sections: Sections;
  /** What is filled in before they are read, where it depends on another section. Default: nothing. */
  readonly prepare?: (tree: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** What can be said against them together; `fail` ends the reading, and `isStated` tells what the file has from a default. */
  readonly check: (
    content: ManifestContent & z.output<z.ZodObject<Sections>>,
    fail: Fail,
    isStated: (path: FieldPath) => boolean,
  ) => void;
}

/**
 * Reads a manifest with the sections of whoever trains.
 * @param file the name that messages carry
 * @throws ManifestError naming file, line and field
 */
export function parseManifestWith<Sections extends z.ZodRawShape>(
  text: string,
  file: string,
  { learns, sections, prepare, check }: SectionReading<Sections>,
): DataManifest & z.output<z.ZodObject<Sections>> {
  const { document, lines, tree: written } = readYaml(text, file);
  let tree = written;
  let places: readonly FieldPath[] = [];
  const complain = (named: FieldPath, reason: string, cause?: unknown): ManifestError => {
    const [section, at, ...rest] = named;
    // A class has its place in a tree, and its number in the list that the tree becomes.
    const path = section === "classes" && rest.length === 0 ? (places[Number(at)] ?? named) : named;
    const line = lineOf(document, lines, path);
    return new ManifestError(file, fieldName(path), reason, {
      ...(line === undefined ? {} : { line }),
      cause,
    });
  };
  const fail = (path: FieldPath, reason: string): never => {
    throw complain(path, reason);
  };

  if (tree === null || tree === undefined) throw new ManifestError(file, "", "is empty");
  const flat = flattenClasses(isRecord(tree) ? tree["classes"] : undefined);
  if (flat !== undefined && "reason" in flat) return fail(flat.path, flat.reason);
  if (flat !== undefined) {
    tree = { ...tree, classes: flat.classes };
    places = flat.paths;
  }
  if (prepare !== undefined && isRecord(tree)) tree = prepare(tree);
  const parents = flat?.parents;
  const schema = record({ ...manifestFields, ...sections });
  let result = schema.safeParse(tree, { error: explain });
  // A number that is complained of was no name: it is read by its value.
  while (!result.success && result.error.issues.map(({ path }) => settleNumbers(tree, path)).includes(true)) {
    result = schema.safeParse(tree, { error: explain });
  }
  if (!result.success) {
    const complaints = result.error.issues.slice(0, mostComplaints).map((issue) => {
      const { path, reason } = complaint(issue);
      // A mistyped key comes first, since it explains a missing one; then the first in the file.
      const rank = issue.code === "unrecognized_keys" ? 0 : (complain(path, reason).line ?? 1);
      return { path, reason, rank };
    });
    complaints.sort((a, b) => a.rank - b.rank);
    const { path, reason } = complaints[0] ?? { path: [], reason: "is not a manifest" };
    return fail(path, reason);
  }
  const content = inClassSpelling(result.data as ManifestContent & z.output<z.ZodObject<Sections>>, fail);
  checkNames(content, learns, fail, parents);
  checkImages(content, fail);
  checkSplits(content, fail);
  check(content, fail, (path) => valueAt(tree, path) !== undefined);
  const { mean, deviation, normalise, ...size } = content.image;
  const named = normalise && normalisationOf(normalise, size.channels);
  if (named !== undefined && (mean ?? deviation) !== undefined) {
    fail(["image", "normalise"], "stands in the place of mean and deviation; leave these out");
  }
  const perChannel = (field: string, value: number | readonly number[]): number[] => {
    const values = typeof value === "number" ? Array<number>(size.channels).fill(value) : [...value];
    if (values.length === size.channels) return values;
    return fail(["image", field], `has ${values.length} numbers, but image.channels is ${size.channels}`);
  };
  const means = perChannel("mean", mean ?? named?.mean ?? 0.5);
  const deviations = perChannel("deviation", deviation ?? named?.deviation ?? 0.25);
  for (const [channel, each] of means.entries()) {
    const largest = Math.max(Math.abs(each), Math.abs(1 - each)) / deviations[channel];
    if (largest <= mostNormalised) continue;
    fail(
      ["image", Math.abs(each) > mostNormalised ? "mean" : "deviation"],
      `makes numbers up to ${largest.toPrecision(3)} of pixels that are from 0 to 1; take mean and standard deviation of the pixels in ` +
        "these units, such as 0.5 and 0.25",
    );
  }
  return {
    ...content,
    ...{ file, text, learns },
    ...(parents === undefined ? {} : { parents }),
    image: { ...size, mean: means, deviation: deviations },
    complain,
    // The compiler does not see through a spread of generic sections.
  } as DataManifest & z.output<z.ZodObject<Sections>>;
}

/** No pixels of real images are that far from their mean; beyond it networks only diverge. */
const mostNormalised = 1e6;

const valueAt = (tree: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>((value, key) => (isRecord(value) ? value[key as string] : undefined), tree);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
