// The folder that `tessera predict --masks` writes: label maps in the folders of their images, where their pixels are from, what
// their numbers mean, and the lines of a manifest that read them back.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pixelOrigins } from "../assemble/whole-maps.ts";
import type { Sample } from "../data/catalogue/sample-lists.ts";
import type { ImagePlace } from "../data/catalogue/listing.ts";
import { readImage } from "../data/images/index.ts";
import { LabelVolume } from "../data/volumes/label-volume.ts";
import { sliceOf, type VolumeSlices } from "../data/volumes/volume-slices.ts";
import { UsageError } from "../errors/errors.ts";
import { messageOf } from "../files/causes.ts";
import { makeFolders } from "../files/folders.ts";
import { replaceFile } from "../files/whole-files.ts";
import { filed, filedNumbers } from "../labels/label-map.ts";
import { labelPng, originPng, type PngSize } from "../pictures/label-png.ts";
import { classesTable, manifestLines, originMeanings, originsTable } from "../runs/mask-legend.ts";
import { maskNames } from "../runs/mask-names.ts";
import { makeFolder } from "./terminal/output-files.ts";

/** Folders and files in the folder. */
const names = {
  masks: "masks",
  origins: "provenance",
  classes: "classes.csv",
  originsTable: "provenance.csv",
  manifest: "manifest-lines.yaml",
} as const;

/** @throws UsageError where it cannot be made, and where something is in it and nobody forces it */
export function checkOwnFolder(option: "--masks" | "--maps", folder: string, force: boolean): void {
  makeFolder(option, folder);
  if (force || readdirSync(folder).length === 0) return;
  throw new UsageError(
    `${option} ${folder}: the folder is not empty; choose another, or add --force to write into it (files of the same names are replaced)`,
  );
}

/** An image's own size, upright, and how its file is turned. */
export async function ownSize(place: ImagePlace): Promise<PngSize> {
  if (place.kind === "array") return { height: place.array.height, width: place.array.width };
  const { height, width, orientation } = await readImage(place.file, place.reading);
  return { height, width, orientation };
}

export interface MaskedImages {
  /** Undefined for images of a folder. */
  readonly source: string | undefined;
  readonly samples: readonly Sample[];
}

/** A label map, and with --complete where its pixels are from. */
export interface WrittenMap {
  readonly map: Uint8Array;
  readonly origins?: Uint8Array | undefined;
}

/** A label volume of a source; its voxels are held from its first slice to its last one. */
interface GatheredVolume {
  /** Its name in the source, as masks of a manifest are looked for. */
  readonly id: string;
  path: string;
  /** Slices that are still to come. */
  missing: number;
  voxels?: { readonly labels: LabelVolume; readonly origins: LabelVolume | undefined } | undefined;
}

/** Writes the label maps of some images, each file whole or not at all. */
export class MaskFolder {
  /** The path of each image's mask in the folder, by part and place. */
  readonly paths: readonly (readonly string[])[];
  /** Number of files of label maps that were written. */
  written = 0;
  readonly #folder: string;
  readonly #classes: readonly string[];
  readonly #completed: boolean;
  /** By part. Parts of one source share its volumes; a volume of two sources becomes two. */
  readonly #volumes: readonly Map<VolumeSlices, GatheredVolume>[];

  /** @param classes by the numbers of the maps */
  constructor(
    folder: string,
    classes: readonly string[],
    parts: readonly MaskedImages[],
    completed: boolean,
  ) {
    this.#folder = folder;
    this.#classes = classes;
    this.#completed = completed;
    this.#volumes = volumesOf(parts);
    this.paths = this.#name(parts);
  }

  /** Names for all images and volumes. @returns the paths of the masks of images */
  #name(parts: readonly MaskedImages[]): string[][] {
    const images = parts.flatMap(({ source, samples }) =>
      samples.flatMap(({ id, image }) => (sliceOf(image) === undefined ? [{ source, id }] : [])),
    );
    const pngs = maskNames(images, ".png");
    const volumes = [
      ...new Map(
        parts.flatMap(({ source }, part) =>
          Array.from(this.#volumes[part].values(), (volume) => [volume, source] as const),
        ),
      ),
    ];
    const ids = volumes.map(([{ id }, source]) => ({ source, id: `${id}.nii.gz` }));
    for (const [i, path] of maskNames(ids, ".nii.gz").entries()) volumes[i][0].path = path;
    let at = 0;
    return parts.map(({ samples }, part) =>
      samples.map(({ image }) => {
        const volume = sliceOf(image)?.volume;
        const path = volume === undefined ? pngs[at++] : this.#volumes[part].get(volume)?.path;
        return `${names.masks}/${path}`;
      }),
    );
  }

  /** Writes an image's map, or keeps that of a slice until its volume is whole. @throws UsageError */
  async add(
    part: number,
    place: number,
    { image }: Sample,
    size: PngSize,
    written: WrittenMap,
  ): Promise<void> {
    const { map, origins } = written;
    const slice = sliceOf(image);
    if (slice === undefined) {
      const path = this.paths[part][place].slice(names.masks.length + 1);
      await this.#write(join(names.masks, path), labelPng(map, size));
      if (origins !== undefined) await this.#write(join(names.origins, path), originPng(origins, size));
      this.written++;
      return;
    }
    const volume = this.#volumes[part].get(slice.volume);
    if (volume === undefined) throw new Error(`${slice.volume.file} has no name`);
    volume.voxels ??= {
      labels: new LabelVolume(slice.volume, filed.ignored),
      origins: this.#completed ? new LabelVolume(slice.volume, pixelOrigins.nothing) : undefined,
    };
    const { labels, origins: provenance } = volume.voxels;
    labels.set(slice.slice, filedNumbers(map));
    if (origins !== undefined) provenance?.set(slice.slice, origins);
    volume.missing--;
    if (volume.missing > 0) return;
    volume.voxels = undefined;
    const meanings = new Map([
      [filed.background, "background"],
      ...this.#classes.map((name, k) => [k + 1, name] as const),
      [filed.ignored, "ignored"],
    ]);
    await this.#volume(join(names.masks, volume.path), labels, meanings);
    if (provenance !== undefined)
      await this.#volume(join(names.origins, volume.path), provenance, originMeanings);
    this.written++;
  }

  /** Writes what the numbers mean. @throws UsageError */
  async finish(sources: readonly string[]): Promise<void> {
    await this.#write(names.classes, classesTable(this.#classes));
    if (this.#completed) await this.#write(names.originsTable, originsTable());
    const folders = new Map(
      sources.map((source) => {
        const [path] = maskNames([{ source, id: "image" }], "");
        return [source, `${names.masks}/${dirname(path)}`];
      }),
    );
    await this.#write(names.manifest, manifestLines(this.#classes, folders));
  }

  async #write(path: string, content: Buffer | string): Promise<void> {
    await this.#into(path, (file) => replaceFile(file, (handle) => handle.writeFile(content)));
  }

  async #volume(path: string, labels: LabelVolume, meanings: ReadonlyMap<number, string>): Promise<void> {
    await this.#into(path, (file) => labels.write(file, meanings));
  }

  async #into(path: string, write: (file: string) => Promise<void>): Promise<void> {
    const file = join(this.#folder, path);
    try {
      makeFolders(dirname(file));
      await write(file);
    } catch (cause) {
      throw new UsageError(`--masks ${this.#folder}: ${path} cannot be written (${messageOf(cause)})`, {
        cause,
      });
    }
  }
}

/** The volumes of each part, with the number of their slices in all parts of their source. */
function volumesOf(parts: readonly MaskedImages[]): Map<VolumeSlices, GatheredVolume>[] {
  const bySource = new Map<string | undefined, Map<VolumeSlices, GatheredVolume>>();
  return parts.map(({ source, samples }) => {
    const volumes = bySource.get(source) ?? new Map<VolumeSlices, GatheredVolume>();
    bySource.set(source, volumes);
    for (const { id, image } of samples) {
      const slice = sliceOf(image);
      if (slice === undefined) continue;
      const found = volumes.get(slice.volume);
      if (found !== undefined) found.missing++;
      // A slice is called VOLUME/NUMBER.
      else volumes.set(slice.volume, { id: id.slice(0, id.lastIndexOf("/")), path: "", missing: 1 });
    }
    return volumes;
  });
}
