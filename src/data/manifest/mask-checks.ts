// Checks of what a manifest says of masks, and of the task as a whole: which fields belong to it, names that are no classes, numbers
// that mean two things.
import { allExclude } from "../../labels/class-relations.ts";
import { mostMapClasses } from "../../labels/label-map.ts";
import { canonicalWord, visible } from "../../labels/wording.ts";
import type { Parents } from "../../labels/class-tree.ts";
import { formatOf } from "../formats/formats.ts";
import type { Fail, FieldPath } from "./complaints.ts";
import { entriesOf } from "./entries.ts";
import type { Entry } from "./entry-schema.ts";
import type { ManifestContent } from "./manifest-schema.ts";
import { colourNumber, meaningsOf } from "./mask-fields.ts";
import { isMaskValues } from "./mask-values.ts";

/** Refuses a name that is no class. */
export type IsClass = (name: string, path: FieldPath) => void;

/** Fields of masks, each with what it says. */
function maskFieldsOf(entry: Entry): Readonly<Record<string, unknown>> {
  const { masks, colours, ignore, background } = entry;
  const values = isMaskValues(entry.values) ? entry.values : undefined;
  return { masks, values, colours, ignore, background, inside: insideOf(entry) };
}

/** The column of the words inside the masks, for formats that have such columns. */
export const insideOf = (entry: Entry): string | undefined => ("inside" in entry ? entry.inside : undefined);

export function checkTask(
  manifest: ManifestContent,
  isClass: IsClass,
  fail: Fail,
  parents: Parents | undefined,
): void {
  const { task, classes, exclusive, exhaustive } = manifest;
  for (const { path, entry } of entriesOf(manifest)) {
    if (entry.values === undefined || isMaskValues(entry.values)) continue;
    if ("columns" in formatOf(entry).fields) continue;
    fail([...path, "values"], `says what words in columns mean, which format ${entry.format} does not have`);
  }
  if (task === "classification") {
    if (exclusive !== false) fail(["exclusive"], notHere);
    if (exhaustive) fail(["exhaustive"], notHere);
    for (const { path, entry } of entriesOf(manifest)) {
      const [field] = Object.entries(maskFieldsOf(entry)).find(([, value]) => value !== undefined) ?? [];
      if (field !== undefined) fail([...path, field], notHere);
    }
    return;
  }
  if (parents !== undefined) {
    fail(
      ["classes"],
      "are a tree, which task: segmentation does not read, since a pixel is of one class: list them flat",
    );
  }
  if (classes.length > mostMapClasses) {
    fail(["classes"], `are ${classes.length}; a label map tells at most ${mostMapClasses} apart`);
  }
  for (const [i, group] of (typeof exclusive === "boolean" ? [] : exclusive).entries()) {
    for (const [j, name] of group.entries()) {
      isClass(name, ["exclusive", i, j]);
      if (group.findIndex((other) => canonicalWord(other) === canonicalWord(name)) < j)
        fail(["exclusive", i, j], `names ${visible(name)} a second time`);
    }
  }
  if (exhaustive && !allExclude(exclusiveGroups(manifest) ?? [], classes.length)) {
    fail(
      ["exhaustive"],
      "gives each pixel one class, so all classes must exclude each other: say exclusive: true",
    );
  }
  for (const { path, entry } of entriesOf(manifest)) checkEntry(path, entry, isClass, fail);
}

const notHere = "is about segmentation: say task: segmentation at the top of the manifest, or leave it out";

function checkEntry(path: FieldPath, entry: Entry, isClass: IsClass, fail: Fail): void {
  const { masks, colours, knows = [], mapping, format, boxes } = entry;
  const inside = insideOf(entry);
  const { ownMasks } = formatOf(entry);
  const words = (["label", "columns"] as const).find(
    (each) => each in entry && Reflect.get(entry, each) !== undefined,
  );
  if (words !== undefined) {
    fail(
      [...path, words],
      "is of classification: in task: segmentation the labels are in masks; inside names the column of the word for what a mask outlines",
    );
  }
  if (boxes !== undefined) {
    fail([...path, "boxes"], "are of classification: in task: segmentation masks say where things are");
  }
  if (masks === undefined && ownMasks === undefined) {
    fail(
      path,
      "has no masks, which task: segmentation needs: name their folder, as in masks: labels, a path such as masks: " +
        '"masks/{name}_mask.png", or a column, as in masks: {column: mask}',
    );
  }
  const meanings = meaningsOf(entry);
  const others = Object.entries({ values: isMaskValues(entry.values), colours, inside }).filter(
    ([, value]) => value !== undefined && value !== false,
  );
  if (others.length > 1) {
    const [[first], [second]] = others;
    fail([...path, second], `cannot stand beside ${first}: each says what the masks mean`);
  }
  if (meanings === undefined && inside === undefined && ownMasks === undefined) {
    fail(
      path,
      `does not say what its masks mean (format ${format}): write values: {1: ...} with the class of each number, or inside with the ` +
        "column of the class where a mask outlines one thing",
    );
  }
  if (meanings !== undefined && mapping !== undefined) {
    fail(
      [...path, "mapping"],
      "is about words: values and colours name the class of each number of the masks",
    );
  }
  const field = colours === undefined ? "values" : "colours";
  for (const [key, name] of Object.entries(colours ?? (isMaskValues(entry.values) ? entry.values : {}))) {
    isClass(name, [...path, field, key]);
  }
  checkNumbers(path, entry, meanings, fail);
  if (meanings === undefined) return;
  const named = [...meanings.values()];
  for (const [i, name] of knows.entries()) {
    if (!named.includes(name)) {
      fail(
        [...path, "knows", i],
        `names ${visible(name)}, which none of its ${field} means: say which number does`,
      );
    }
  }
}

/** Numbers that mean two things, and colours among numbers. */
function checkNumbers(
  path: FieldPath,
  entry: Entry,
  meanings: ReadonlyMap<number, string> | undefined,
  fail: Fail,
): void {
  const inColours = entry.colours !== undefined;
  const taken = new Map([...(meanings ?? [])].map(([number, name]) => [number, `means ${visible(name)}`]));
  for (const field of ["ignore", "background"] as const) {
    for (const [i, one] of (entry[field] ?? []).entries()) {
      if ((typeof one === "string") !== inColours) {
        const kind = inColours
          ? 'colours: write it as "#804080"'
          : "numbers; colours are for masks with colours";
        fail([...path, field, i], `is ${JSON.stringify(one)}, and its masks are in ${kind}`);
      }
      const number = typeof one === "string" ? colourNumber(one) : one;
      const before = taken.get(number);
      if (before !== undefined)
        fail([...path, field, i], `names ${JSON.stringify(one)}, which ${before} already`);
      taken.set(number, `stands under ${field}`);
    }
  }
}

/** The groups of classes that exclude each other, by number; undefined where none do. */
export function exclusiveGroups({
  classes,
  exclusive,
}: Pick<ManifestContent, "classes" | "exclusive">): readonly (readonly number[])[] | undefined {
  if (exclusive === false) return undefined;
  if (exclusive !== true) return exclusive.map((group) => group.map((name) => classes.indexOf(name)));
  return classes.length < 2 ? undefined : [[...classes.keys()]];
}
