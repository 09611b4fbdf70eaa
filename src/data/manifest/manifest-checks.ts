// Checks of a manifest that need no data: names that refer to nothing, sizes that leave nothing.
import { suggestion } from "../../errors/nearest.ts";
import { canonicalWord, nearMatch, outline, sameWord, visible } from "../../labels/wording.ts";
import { formatOf } from "../formats/formats.ts";
import type { Fail, FieldPath } from "./complaints.ts";
import { entriesOf } from "./entries.ts";
import { grownKnowledge, type Parents } from "../../labels/class-tree.ts";
import { checkTask } from "./mask-checks.ts";
import type { Learns } from "./class-filter.ts";
import type { ManifestContent } from "./manifest-schema.ts";

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
    const again = list.findIndex((item) => seen.size === seen.add(canonicalWord(item)).size);
    if (again >= 0) fail(path(again), `names ${visible(list[again])} a second time`);
  };
  const isClass = (item: string, path: FieldPath): void => {
    if (classes.includes(item)) return;
    const near = nearMatch(item, classes);
    const hint =
      near === undefined ? suggestion(item, classes) : `; ${visible(item)} is nearly ${visible(near)}`;
    fail(path, `names "${item}", which is not one of the classes (${classes.join(", ")})${hint}`);
  };

  unique(classes, (i) => ["classes", i]);
  // Nobody could tell them apart in a table, and of a label like both, nobody could say which it means.
  const outlines = new Map<string, string>();
  for (const [i, name] of classes.entries()) {
    const why = whyNoClass(name);
    if (why !== undefined) fail(["classes", i], why);
    const other = outlines.get(outline(name));
    if (other !== undefined && outline(name) !== "") {
      fail(
        ["classes", i],
        `names ${visible(name)}, which is nearly ${visible(other)}: give one another name`,
      );
    }
    outlines.set(outline(name), name);
  }
  const entries = entriesOf(manifest);
  unique(
    entries.map(({ entry }) => entry.name),
    (i) => [...entries[i].path, "name"],
  );
  for (const { path, entry } of entries) {
    const { knows = [], holds = [], mapping = {}, others = [], boxes } = entry;
    unique(knows, (i) => [...path, "knows", i]);
    unique(holds, (i) => [...path, "holds", i]);
    const labels = Object.keys(mapping);
    unique(labels, (i) => [...path, "mapping", labels[i]]);
    const both = others.findIndex((label) => labels.some((mapped) => sameWord(mapped, label)));
    if (both >= 0)
      fail([...path, "others", both], `names ${visible(others[both])}, which mapping says means a class`);
    for (const [i, known] of knows.entries()) isClass(known, [...path, "knows", i]);
    for (const [label, target] of Object.entries(mapping)) isClass(target, [...path, "mapping", label]);
    for (const [word, target] of Object.entries(boxes?.mapping ?? {})) {
      isClass(target, [...path, "boxes", "mapping", word]);
    }
    if (boxes !== undefined && "class" in boxes.what) isClass(boxes.what.class, [...path, "boxes", "class"]);
    for (const field of ["uncertain", "blank", "limitPerClass"] as const) {
      const setting = entry[field];
      if (typeof setting !== "object") continue;
      for (const target of Object.keys(setting)) isClass(target, [...path, field, target]);
    }
  }
  checkTask(manifest, isClass, fail, parents);
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

/** The longest name of a class: tables, reports and sheets show it whole. */
const longestName = 200;

/** Why nothing can be called so that tables, reports and files have a place for it; undefined where it can. */
function whyNoClass(name: string): string | undefined {
  if (/[\p{Cc}\u2028\u2029]/u.test(name))
    return "holds a line break or another control character; name a class in one line";
  if (name.length > longestName)
    return `has ${name.length} letters; a class is called by at most ${longestName}`;
  // A record by class cannot have this key as its own.
  return name === "__proto__"
    ? "cannot be the name of a class; call it something else, and map its label to it"
    : undefined;
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

/** Slices of one volume are nearly the same: a split must not part them. */
export function checkSplits({ sources }: ManifestContent, fail: Fail): void {
  for (const [i, { format, split }] of sources.entries()) {
    if (split?.by !== "image" || formatOf({ format }).slices !== true) continue;
    fail(
      ["sources", i, "split", "by"],
      `is image, and the images of ${format} are slices: of one patient some would train and others test; say by: patient`,
    );
  }
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
