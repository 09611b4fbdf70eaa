// From the masks of an entry to the label maps of its lists: which masks have to be read, and what is told of those that nothing
// asks for.
import { parts } from "./listing.ts";
import type { ListMaps, SampleList } from "./sample-lists.ts";
import type { ListedEntry } from "./listed-entry.ts";
import type { Listing } from "./listing.ts";
import type { ClassMapping, Refuse } from "./mapping.ts";
import type { EntryMasks } from "./masked-entry.ts";
import { counted } from "../../errors/counted.ts";
import type { Remark } from "./remarks.ts";
import { keepWithin } from "./selection.ts";
import { absent } from "../../labels/states.ts";
import { visible } from "../../labels/wording.ts";

/**
 * The entry with the masks read of all images that it takes, and without the images whose masks cannot be read. Where labels do
 * not decide which images a limit keeps, no other masks are read.
 */
export async function withMasksRead(
  item: ListedEntry,
  classes: readonly string[],
  refuse: Refuse,
): Promise<ListedEntry> {
  const { masks, chosen, partOf, drawing, entry, leftOut } = item;
  if (masks === undefined) return item;
  const taken = chosen.filter((index) => partOf[index] !== undefined);
  const readable = async (indices: readonly number[]): Promise<ListedEntry> => {
    const read = await masks.read(indices);
    const left = new Set(read.map((index) => partOf[index]));
    for (const part of parts) {
      const asked = indices.filter((index) => partOf[index] === part).length;
      if (asked === 0 || left.has(part)) continue;
      refuse(
        ["masks"],
        `leave the ${part} part empty: of ${counted(asked, "mask")} none can be read${leftOut.firstFault}`,
      );
    }
    return { ...item, chosen: read };
  };
  if (entry.limitPerClass !== undefined) return readable(taken);
  const unbounded = { images: drawing.limit, positives: classes.map(() => Infinity) };
  const wanted = parts.flatMap((part) => {
    const indices = taken.filter((index) => partOf[index] === part);
    if (part !== drawing.part) return indices;
    return keepWithin(indices, new Uint8Array(0), unbounded, drawing.seed, entry.name);
  });
  return readable(wanted.sort((a, b) => a - b));
}

/** The label maps of some records, in their order. */
export function mapsOf(
  masks: EntryMasks,
  kept: readonly number[],
  { records }: Listing,
  { columns, known }: ClassMapping,
): ListMaps {
  const { height, width } = masks.size;
  const maps = new Uint8Array(kept.length * height * width);
  const voxelVolumes = new Float64Array(kept.length);
  const classes = known.map(() => 0);
  let [ignored, total] = [0, 0];
  for (const [i, index] of kept.entries()) {
    const mask = masks.take(index);
    maps.set(mask.map, i * height * width);
    voxelVolumes[i] = (records[index].voxelVolume ?? 0) * mask.pixelsEach;
    ignored += mask.ignored;
    total += mask.total;
    for (const [label, count] of mask.pixels) {
      const k = columns[label];
      if (k >= 0 && known[k]) classes[k] += count;
    }
  }
  return {
    maps,
    ...(voxelVolumes.some((volume) => volume > 0) ? { voxelVolumes } : {}),
    pixels: { classes, ignored, total },
    whole: (row, own) => masks.whole(kept[row], own),
  };
}

/** Masks in folders that no image of any entry asks for. */
export class LeftMasks {
  readonly #folders = new Map<string, { readonly entries: string[]; masks: ReadonlySet<string> }>();

  add(
    entry: string,
    { folder, masks }: { readonly folder: string; readonly masks: ReadonlySet<string> },
  ): void {
    const known = this.#folders.get(folder);
    if (known === undefined) {
      this.#folders.set(folder, { entries: [entry], masks });
      return;
    }
    known.entries.push(entry);
    known.masks = new Set([...known.masks].filter((mask) => masks.has(mask)));
  }

  remarks(): Remark[] {
    return [...this.#folders].flatMap(([folder, { entries, masks }]): Remark[] => {
      const [example] = masks;
      if (example === undefined) return [];
      const [source] = entries;
      return [
        {
          kind: "masks-without-image",
          source,
          sentence:
            `The masks of ${entries.map(visible).join(", ")} in ${folder} hold ${counted(masks.size, "mask")} that fit no image, such as ` +
            `${visible(example)}.`,
          cases: [{ name: folder, count: masks.size, example }],
        },
      ];
    });
  }
}

/**
 * Background in the masks of an entry that is said to outline all classes, where each pixel is said to be of one; undefined where there
 * is none.
 */
export function backgroundRemark(
  { entry, mapping }: ListedEntry,
  lists: readonly SampleList[],
): Remark | undefined {
  if (!mapping.known.every(Boolean)) return undefined;
  let [left, total] = [0, 0];
  for (const { masks } of lists) {
    if (masks === undefined) continue;
    const { pixels } = masks;
    left += pixels.classes.reduce((rest, count) => rest - count, pixels.total - pixels.ignored);
    total += pixels.total;
  }
  if (left === 0) return undefined;
  return {
    kind: "background-in-masks",
    source: entry.name,
    sentence:
      `${visible(entry.name)} outlines all classes, of which each pixel has one (exhaustive), and ${((100 * left) / total).toPrecision(2)} % of the ` +
      "pixels of its masks are background: they are taken as negative for every class; ignore says that nobody labelled them.",
    cases: [{ name: "background", count: left }],
  };
}

/**
 * Classes that an entry is said to outline, and that none of its masks shows, as far as they say anything; undefined where all are seen.
 * @param isCropped whether images are cropped, so that a mask may have what is not seen
 */
export function unseenRemark(
  { entry, mapping }: ListedEntry,
  lists: readonly SampleList[],
  classes: readonly string[],
  isCropped: boolean,
): Remark | undefined {
  const stateOf = (k: number): number[] =>
    lists.flatMap(({ samples, states }) => samples.map((_, row) => states[row * classes.length + k]));
  const unseen = classes.filter(
    (_, k) =>
      mapping.known[k] &&
      lists.every(({ masks }) => masks?.pixels.classes[k] === 0) &&
      stateOf(k).some((state) => state !== absent),
  );
  if (unseen.length === 0) return undefined;
  // Masks that are all ignored say nothing.
  const said = unseen.map(
    (name) => stateOf(classes.indexOf(name)).filter((state) => state !== absent).length,
  );
  const images = Math.max(...said);
  const [masks, all] =
    images === 1
      ? ["its only mask", "its image is"]
      : [`none of its ${counted(images, "mask")}`, "all these images are"];
  const seen = isCropped ? " in the part that is seen" : "";
  return {
    kind: "class-without-outline",
    source: entry.name,
    sentence:
      `${visible(entry.name)} is said to outline ${unseen.join(", ")}, and ${masks} has ${images === 1 ? "no" : "a"} pixel of ` +
      `${unseen.length === 1 ? "it" : "them"}${seen}: ${all} negative there.`,
    cases: unseen.map((name) => ({ name, count: 0 })),
  };
}
