// What can be said against a manifest before any data is read: names that refer to nothing, sizes that leave nothing.
import { suggestion } from "../../errors/nearest.ts";
import type { FieldPath } from "./complaints.ts";
import { entriesOf } from "./entries.ts";
import type { Learns } from "./class-filter.ts";
import type { ManifestContent } from "./manifest-schema.ts";

type Fail = (path: FieldPath, reason: string) => never;

/** Names must be unique, and refer to something that there is. */
export function checkNames(manifest: ManifestContent, learns: Learns, fail: Fail): void {
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
  const known = sources.map((source) => source.knows);
  for (const [i, name] of classes.entries()) {
    if (learns(name) && known.every((list) => list?.includes(name) === false)) {
      fail(["classes", i], `names "${name}", but no source knows it`);
    }
  }
}

/** Sizes must suit formats and model. */
export function checkImages(manifest: ManifestContent, fail: Fail): void {
  const { image, model, augment } = manifest;
  if (entriesOf(manifest).some(({ entry }) => entry.format === "phantoms")) {
    if (image.height !== image.width) fail(["image", "width"], "must equal the height: phantoms are square");
    if (image.height < 16) fail(["image", "height"], "must be at least 16 for phantoms");
  }

  model.blocks.slice(0, -1).reduce((channels, layers) => {
    const kept = Math.floor((channels + layers * model.growth) * model.compression);
    if (kept < 1) {
      fail(["model", "compression"], `of ${model.compression} keeps no channel between two blocks`);
    }
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
  for (const view of ["weak", "strong"] as const) {
    const { shift } = augment[view];
    if (shift >= Math.min(image.height, image.width)) {
      fail(
        ["augment", view, "shift"],
        `of ${shift} pixels moves a ${image.height} x ${image.width} image out of sight`,
      );
    }
  }
}
