// Checks of a manifest that need no data: names that refer to nothing, sizes that leave nothing.
import { suggestion } from "../../errors/nearest.ts";
import { formatOf } from "../formats/formats.ts";
import type { FieldPath } from "./complaints.ts";
import { entriesOf } from "./entries.ts";
import { grownKnowledge, type Parents } from "../../labels/class-tree.ts";
import type { Learns } from "./class-filter.ts";
import type { ManifestContent } from "./manifest-schema.ts";

/** Ends the reading with a complaint about a field. */
export type Fail = (path: FieldPath, reason: string) => never;

/** Checks that names are unique and refer to something that exists. */
export function checkNames(
  manifest: ManifestContent,
  learns: Learns,
  fail: Fail,
  parents: Parents | undefined,
): void {
  const { classes, sources } = manifest;
  const unique = (list: readonly string[], path: (i: number) => FieldPath): void => {
    const seen = new Set<string>();
    // Where adding it adds nothing, it was there before.
    const again = list.findIndex((item) => seen.size === seen.add(item).size);
    if (again >= 0) fail(path(again), `names "${list[again]}" a second time`);
  };
  const isClass = (item: string, path: FieldPath): void => {
    if (classes.includes(item)) return;
    const hint = suggestion(item, classes);
    fail(path, `names "${item}", which is not one of the classes (${classes.join(", ")})${hint}`);
  };

  unique(classes, (i) => ["classes", i]);
  const entries = entriesOf(manifest);
  unique(
    entries.map(({ entry }) => entry.name),
    (i) => [...entries[i].path, "name"],
  );
  for (const { path, entry } of entries) {
    const { knows = [], holds = [], mapping = {} } = entry;
    unique(knows, (i) => [...path, "knows", i]);
    unique(holds, (i) => [...path, "holds", i]);
    for (const [i, known] of knows.entries()) isClass(known, [...path, "knows", i]);
    for (const [label, target] of Object.entries(mapping)) isClass(target, [...path, "mapping", label]);
    for (const field of ["uncertain", "blank", "limitPerClass"] as const) {
      const setting = entry[field];
      if (typeof setting !== "object") continue;
      for (const target of Object.keys(setting)) isClass(target, [...path, field, target]);
    }
  }
  if (sources.length === 0 && classes.some(learns))
    fail(["sources"], "is missing: a list of images to learn from");
  if (entries.length === 0) fail([], "names no images: give it sources, or a test entry to judge a model by");
  const known = sources.map(({ knows }) => knows && withRelatives(knows, classes, parents));
  for (const [i, name] of classes.entries()) {
    if (learns(name) && known.every((list) => list?.includes(name) === false)) {
      fail(["classes", i], `names "${name}", but no source knows it`);
    }
  }
}

/** Classes with those above and below them, of which a source has labels, too. */
function withRelatives(
  knows: readonly string[],
  classes: readonly string[],
  parents: Parents | undefined,
): readonly string[] {
  if (parents === undefined) return knows;
  const known = grownKnowledge(
    classes.map((name) => knows.includes(name)),
    parents,
  );
  return classes.filter((_, k) => known[k]);
}

/** Sizes of images must be such that formats which draw them can. */
export function checkImages(manifest: ManifestContent, fail: Fail): void {
  const { height, width } = manifest.image;
  for (const { entry } of entriesOf(manifest)) {
    const { squareImages } = formatOf(entry);
    if (squareImages === undefined) continue;
    const { leastSide } = squareImages;
    if (height !== width) fail(["image", "width"], `must equal the height: ${entry.format} are square`);
    if (height < leastSide) fail(["image", "height"], `must be at least ${leastSide} for ${entry.format}`);
  }
}
