// From YAML text to plain values. What the package alone does not keep or limit is done here: how a number was spelled, since a
// class may be called 01 or 1e3, and how far merge keys unfold.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Document } from "yaml";
import { ManifestError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { SpelledNumber } from "./spelled-number.ts";

export interface YamlText {
  readonly document: Document;
  readonly lines: LineCounter;
  /** Groups of keys, lists, texts, numbers or SpelledNumber, truth values, null. */
  readonly tree: unknown;
}

/** More values than a manifest of the largest size spells out. */
const mostMerged = 100_000;

/** @param file for messages. @throws ManifestError naming the line, for text that is not YAML, and for merge keys that cannot be */
export function readYaml(text: string, file: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const fail = (reason: string, at?: number): ManifestError =>
    new ManifestError(file, "", `is not valid YAML: ${reason}`, {
      ...(at === undefined ? {} : { line: lines.linePos(at).line }),
    });
  const problem = document.errors.at(0);
  if (problem !== undefined) {
    const reason = problem.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/u, "") ?? "";
    const [, twice] = /^["']?([^"':\n]+)/u.exec(text.slice(problem.pos[0])) ?? [];
    if (problem.code === "DUPLICATE_KEY" && twice !== undefined) {
      throw fail(
        `it has the key ${JSON.stringify(twice.trim())} twice in one group; keep one`,
        problem.pos[0],
      );
    }
    throw fail(reason, problem.pos[0]);
  }
  keepSpellings(document);
  checkMerges(document, fail);
  try {
    return { document, lines, tree: document.toJS() as unknown };
  } catch (cause) {
    throw fail(messageOf(cause));
  }
}

/** Keys become what was written; so do numbers whose value has another spelling. */
function keepSpellings(document: Document): void {
  visit(document, {
    Scalar(role, node) {
      const { value, source, type } = node;
      if (type !== "PLAIN" || source === undefined) return;
      const isKey = role === "key" && ["number", "boolean", "bigint"].includes(typeof value);
      if (isKey || (role === "key" && value === null)) node.value = source;
      else if (typeof value === "number" && String(value) !== source) {
        node.value = new SpelledNumber(value, source);
      }
    },
  });
}

/** Refuses merge keys that name no group of keys, name themselves, or unfold to more than anybody writes. */
function checkMerges(document: Document, fail: (reason: string, at?: number) => ManifestError): void {
  const sizes = new Map<unknown, number>();
  const open = new Set<unknown>();
  const sizeOf = (node: unknown): number => {
    const known = sizes.get(node);
    if (known !== undefined) return known;
    let size = 1;
    if (isSeq(node)) for (const item of node.items) size += sizeOf(item);
    if (isMap(node)) {
      open.add(node);
      for (const { key, value } of node.items) {
        if (!isMergeKey(key)) {
          size += sizeOf(value);
          continue;
        }
        const at = isScalar(key) ? key.range?.[0] : undefined;
        for (const merged of mergedBy(document, value)) {
          if (!isMap(merged)) throw fail("a merge key << names a group of keys, or a list of them", at);
          if (open.has(merged)) throw fail("a merge key << names the group that it stands in", at);
          size += sizeOf(merged);
        }
        if (size > mostMerged) throw fail(`merge keys << unfold to over ${mostMerged} values`, at);
      }
      open.delete(node);
    }
    sizes.set(node, size);
    return size;
  };
  sizeOf(document.contents);
}

export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === "symbol" && key.value.description === "<<";
}

/** What stands behind a merge key, aliases followed: one node, or those of a list. */
export function mergedBy(document: Document, value: unknown): unknown[] {
  const node = followed(document, value);
  return isSeq(node) ? node.items.map((item) => followed(document, item)) : [node];
}

/** The node that an alias names; any other node as it is. */
export function followed(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/**
 * Makes plain numbers of spelled ones where no name was wanted.
 * @param path to what was complained of: a number, or something that holds numbers
 * @returns whether there were any
 */
export function settleNumbers(
  tree: unknown,
  path: readonly PropertyKey[],
  seen: Set<unknown> = new Set<unknown>(),
): boolean {
  let holder: unknown = undefined;
  let node: unknown = tree;
  let key: PropertyKey = "";
  for (const step of path) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, step)) return false;
    [holder, key] = [node, step];
    node = Reflect.get(node, step);
  }
  if (node instanceof SpelledNumber) {
    return typeof holder === "object" && holder !== null && Reflect.set(holder, key, node.value);
  }
  if (path.length === 0 || typeof node !== "object" || node === null) return false;
  if (seen.has(node)) return false; // an anchor may hold its own alias
  seen.add(node);
  let settled = false;
  for (const inner of Object.keys(node)) settled = settleNumbers(node, [inner], seen) || settled;
  return settled;
}
