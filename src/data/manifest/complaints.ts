// Messages about faults in a manifest, and the lines where they stand.
import { isMap, isNode, isScalar, isSeq } from "yaml";
import type { Document, LineCounter, Pair, YAMLMap } from "yaml";
import type { z } from "zod";
import { followed, isMergeKey, mergedBy } from "./yaml-text.ts";

/** Keys and list positions that lead to a field. */
export type FieldPath = readonly PropertyKey[];

/** Ends the reading with a complaint about a field. */
export type Fail = (path: FieldPath, reason: string) => never;

/** The message for a fault that zod finds; undefined leaves it to the schema's own. */
export function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${describe(issue.input)}${quoteHint(issue.expected, issue.input)}`;
    case "too_small":
      if (issue.origin === "string") return "is empty";
      if (issue.origin === "array") return `must have at least ${issue.minimum} entry`;
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}, not ${describe(issue.input)}`;
    case "too_big":
      if (issue.origin === "array") return `must have at most ${issue.maximum} entries`;
      return `must be ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}, not ${describe(issue.input)}`;
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

/** YAML reads 12, true and null as no text. */
function quoteHint(expected: string, input: unknown): string {
  const isWord = typeof input !== "object" || input === null;
  return expected === "string" && isWord ? "; write it in quotes" : "";
}

/** A whole file that is no YAML of ours is one text; so much of it says what it is. */
const mostShown = 80;

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a group of keys";
  if (typeof value === "number") return String(value); // .inf has no JSON
  const text = JSON.stringify(value);
  return text.length > mostShown ? `${text.slice(0, mostShown - 4)}..."` : text;
}

/** The place of an issue, down to the unknown key, and its message. */
export function complaint(issue: z.core.$ZodIssue): { path: FieldPath; reason: string } {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  return { path, reason: issue.message };
}

/** `sources[0].knows[2]` */
export function fieldName(path: FieldPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** The line of the deepest node of the path that exists: a missing field has the line of its parent. */
export function lineOf(document: Document, lines: LineCounter, path: FieldPath): number | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const key of path) {
    node = followed(document, node);
    if (isMap(node)) {
      const pair = pairOf(document, node, String(key));
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

/** The pair of a key: the group's own, or else that of the first group that it merges and that has one. */
function pairOf(document: Document, { items }: YAMLMap, key: string): Pair | undefined {
  const own = items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  if (own !== undefined) return own;
  for (const item of items) {
    if (!isMergeKey(item.key)) continue;
    for (const merged of mergedBy(document, item.value)) {
      const found = isMap(merged) ? pairOf(document, merged, key) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
