// Reads a manifest: YAML text to a checked Manifest, every complaint with its file, line and field.
import { readFile } from "node:fs/promises";
import { posix, win32 } from "node:path";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import { ManifestError } from "./failures.ts";
import { manifestSchema } from "./manifest-schema.ts";
import type { ManifestContent } from "./manifest-schema.ts";
import { suggestion } from "../device/nearest.ts";
import { findingNames } from "./phantoms/names.ts";

/** A checked manifest; every default is filled in. Fields and units: manifest-schema.ts. */
export interface Manifest extends Omit<ManifestContent, "image"> {
  /** Where it came from, for messages. */
  readonly file: string;
  /** `mean` and `deviation` hold one number a channel. */
  readonly image: Omit<ManifestContent["image"], "mean" | "deviation"> & {
    readonly mean: number[];
    readonly deviation: number[];
  };
}
export type SourceEntry = ManifestContent["sources"][number];
export type TestEntry = ManifestContent["test"];

type Path = readonly PropertyKey[];

/** More text than a person writes; a data file given by mistake is refused before it is parsed. */
const largestManifest = 2 ** 20;

/** @throws ManifestError naming file, line and field */
export async function readManifest(file: string): Promise<Manifest> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new ManifestError(
      file,
      "",
      missing
        ? "does not exist"
        : `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    );
  }
  if (bytes.length > largestManifest) {
    throw new ManifestError(file, "", `is ${bytes.length} bytes long; that is no manifest`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ManifestError(file, "", "is not UTF-8 text", { cause });
  }
  return parseManifest(text, file);
}

/** @param file the name that messages carry. @throws ManifestError naming file, line and field */
export function parseManifest(text: string, file: string): Manifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problem = document.errors.at(0);
  if (problem !== undefined) {
    const reason = problem.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/u, "") ?? "";
    throw new ManifestError(file, "", `is not valid YAML: ${reason}`, {
      line: lines.linePos(problem.pos[0]).line,
    });
  }
  const fail = (path: Path, reason: string): never => {
    const line = lineOf(document, lines, path);
    throw new ManifestError(file, fieldName(path), reason, line === undefined ? {} : { line });
  };

  let tree: unknown;
  try {
    tree = document.toJS();
  } catch (cause) {
    throw new ManifestError(
      file,
      "",
      `is not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  if (tree === null || tree === undefined) throw new ManifestError(file, "", "is empty");
  const result = manifestSchema.safeParse(tree, { error: explain });
  if (!result.success) {
    const complaints = result.error.issues.map((issue) => {
      const { path, reason } = complaint(issue);
      // A mistyped key comes first, since it explains a missing one; then the first in the file.
      const rank = issue.code === "unrecognized_keys" ? 0 : (lineOf(document, lines, path) ?? 1);
      return { path, reason, rank };
    });
    complaints.sort((a, b) => a.rank - b.rank);
    const { path, reason } = complaints[0] ?? { path: [], reason: "is not a manifest" };
    return fail(path, reason);
  }
  const content = result.data;
  checkNames(content, fail);
  checkImages(content, fail);
  const { mean, deviation, ...size } = content.image;
  const perChannel = (field: string, value: number | number[]): number[] => {
    const values = typeof value === "number" ? Array<number>(size.channels).fill(value) : value;
    if (values.length === size.channels) return values;
    return fail(["image", field], `has ${values.length} numbers, but image.channels is ${size.channels}`);
  };
  return {
    ...content,
    file,
    image: { ...size, mean: perChannel("mean", mean), deviation: perChannel("deviation", deviation) },
  };
}

type Fail = (path: Path, reason: string) => never;

/** Names must be unique, and refer to something that there is. */
function checkNames(manifest: ManifestContent, fail: Fail): void {
  const { classes, sources, test } = manifest;
  const entries = entriesOf(manifest);
  const unique = (list: readonly string[], path: (i: number) => Path): void => {
    const again = list.findIndex((item, i) => list.indexOf(item) !== i);
    if (again >= 0) fail(path(again), `names "${list[again]}" a second time`);
  };
  const member = (item: string, list: readonly string[], what: string, path: Path): void => {
    if (!list.includes(item)) {
      fail(
        path,
        `names "${item}", which is not one of ${what} (${list.join(", ")})${suggestion(item, list)}`,
      );
    }
  };

  unique(classes, (i) => ["classes", i]);
  unique([...sources.map((source) => source.name), test.name], (i) =>
    i < sources.length ? ["sources", i, "name"] : ["test", "name"],
  );
  for (const [path, entry] of entries) {
    const { knows = [] } = entry;
    unique(knows, (i) => [...path, "knows", i]);
    for (const [i, known] of knows.entries()) member(known, classes, "the classes", [...path, "knows", i]);
    if (entry.format === "idx") {
      const { holds = [], labelNames } = entry;
      unique(holds, (i) => [...path, "holds", i]);
      unique(labelNames ?? [], (i) => [...path, "labelNames", i]);
      // Without names of their own, labels are called by their byte, and so must be the classes known and images held.
      const called = (item: string, at: Path): void => {
        if (labelNames !== undefined) member(item, labelNames, "the labelNames", at);
        else if (!/^\d+$/u.test(item) || Number(item) > 255 || String(Number(item)) !== item) {
          fail(at, `names "${item}", but labels without labelNames are called 0 to 255`);
        }
      };
      for (const [i, held] of holds.entries()) called(held, [...path, "holds", i]);
      for (const known of entry.knows ?? classes) called(known, [...path, ...(entry.knows ? ["knows"] : [])]);
    } else {
      for (const [i, finding] of classes.entries())
        member(finding, findingNames, "the phantoms' findings", ["classes", i]);
      if (typeof entry.prevalence === "object") {
        for (const finding of Object.keys(entry.prevalence)) {
          member(finding, classes, "the classes", [...path, "prevalence", finding]);
        }
      }
    }
  }
  for (const [i, name] of classes.entries()) {
    if (!sources.some((source) => source.knows.includes(name))) {
      fail(["classes", i], `names "${name}", but no source knows it`);
    }
  }
}

/** Sizes must suit formats and model; files must lie below the data root; no image may be used twice. */
function checkImages(manifest: ManifestContent, fail: Fail): void {
  const { image, model, augment } = manifest;
  const taken: { images: string; part: { index: number; of: number }; name: string }[] = [];
  for (const [path, entry] of entriesOf(manifest)) {
    if (image.channels !== 1)
      fail(["image", "channels"], `must be 1 for the format ${entry.format} of "${entry.name}"`);
    if (entry.format === "phantoms") {
      if (image.height !== image.width)
        fail(["image", "width"], "must equal the height: phantoms are square");
      if (image.height < 16) fail(["image", "height"], "must be at least 16 for phantoms");
      continue;
    }
    for (const field of ["images", "labels"] as const) {
      if (escapes(entry[field])) {
        fail(
          [...path, field],
          `leaves the data root: "${entry[field]}"; write a path below it, with forward slashes`,
        );
      }
    }
    const use = {
      images: posix.normalize(entry.images),
      part: entry.part ?? { index: 1, of: 1 },
      name: entry.name,
    };
    const rival = taken.find(
      (other) =>
        other.images === use.images && (other.part.of !== use.part.of || other.part.index === use.part.index),
    );
    if (rival !== undefined) {
      fail(
        [...path, entry.part === undefined ? "images" : "part"],
        `shares images with "${rival.name}"; give both a part with one denominator, such as part: 1/2 and part: 2/2`,
      );
    }
    taken.push(use);
  }

  model.blocks.slice(0, -1).reduce((channels, layers) => {
    const kept = Math.floor((channels + layers * model.growth) * model.compression);
    if (kept < 1)
      fail(["model", "compression"], `of ${model.compression} keeps no channel between two blocks`);
    return kept;
  }, model.stem.features);

  const halvings = model.blocks.length - 1;
  const smallest = Math.floor(Math.min(image.height, image.width) / (model.stem.stride * 2 ** halvings));
  if (smallest < 1) {
    fail(
      ["model", "blocks"],
      `leave no pixel of a ${image.height} x ${image.width} image: it is halved after each block but the last`,
    );
  }
  for (const [path, view] of [
    [["augment"], augment] as const,
    [["augment", "strong"], augment.strong] as const,
  ]) {
    if (view.shift >= Math.min(image.height, image.width)) {
      fail(
        [...path, "shift"],
        `of ${view.shift} pixels moves a ${image.height} x ${image.width} image out of sight`,
      );
    }
  }
}

function entriesOf(manifest: ManifestContent): [Path, SourceEntry | TestEntry][] {
  return [
    ...manifest.sources.map((source, i): [Path, SourceEntry] => [["sources", i], source]),
    [["test"], manifest.test],
  ];
}

/** Whether a path, read as text, does not stay below the folder it is relative to. */
function escapes(path: string): boolean {
  const normal = posix.normalize(path);
  return (
    posix.isAbsolute(path) ||
    win32.isAbsolute(path) ||
    /[\\\0]|^[A-Za-z]:/u.test(path) ||
    /^\.\.(\/|$)/u.test(normal)
  );
}

/** The words for what zod finds wrong; undefined leaves it to the schema's own. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${describe(issue.input)}`;
    case "too_small":
      if (issue.origin === "string") return "is empty";
      if (issue.origin === "array") return `must have at least ${issue.minimum} entry`;
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}, not ${describe(issue.input)}`;
    case "too_big":
      return `must be at most ${issue.maximum}, not ${describe(issue.input)}`;
    default:
      return undefined;
  }
}

const kinds: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  array: "a list, as [a, b]",
  object: "a group of keys",
  record: "a group of keys",
};

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a group of keys";
  return typeof value === "number" ? String(value) : JSON.stringify(value); // .inf has no JSON
}

/** Where an issue is, down to the unknown key, and what it says. */
function complaint(issue: z.core.$ZodIssue): { path: Path; reason: string } {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  return { path, reason: issue.message };
}

/** `sources[0].knows[2]` */
function fieldName(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** Line of the deepest node on the path that stands in the text: a missing field has the line of its parent. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) break;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else {
      break;
    }
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}
