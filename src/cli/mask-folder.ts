// The folder that `tessera predict --masks` writes: label maps in the folders of their images, where their pixels are from, what
// their numbers mean, and the lines of a manifest that read them back.

import { readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
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
import { classesTable, manifestLines, originsTable } from "../runs/mask-legend.ts";
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
export function checkMaskFolder(folder: string, force: boolean): void {
  makeFolder("--masks", folder);
  if (force || readdirSync(folder).length === 0) return;
  throw new UsageError(
    `--masks ${folder}: the folder is not empty; choose another, or add --force to write into it (files of the same names are replaced)`,
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

interface OpenVolume {
  readonly path: string;
  /** Slices that are still to come. */
  missing: number;
  readonly labels: LabelVolume;
  readonly origins: LabelVolume | undefined;
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
  readonly #volumes = new Map<VolumeSlices, OpenVolume>();

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
    this.paths = this.#name(parts);
  }

  /** Names for all images, and the volumes that are to come. */
  #name(parts: readonly MaskedImages[]): string[][] {
    const images = parts.flatMap(({ source, samples }) =>
      samples.flatMap(({ id, image }) => (sliceOf(image) === undefined ? [{ source, id }] : [])),
    );
    const pngs = maskNames(images, ".png");
    const volumes = new Map<VolumeSlices, { readonly source: string | undefined; slices: number }>();
    for (const { source, samples } of parts) {
      for (const { image } of samples) {
        const volume = sliceOf(image)?.volume;
        if (volume === undefined) continue;
        const found = volumes.get(volume) ?? { source, slices: 0 };
        found.slices++;
        volumes.set(volume, found);
      }
    }
    const roots = new Map<string | undefined, string>();
    for (const [{ file }, { source }] of volumes)
      roots.set(source, commonFolder(dirname(file), roots.get(source)));
    const ids = Array.from(volumes, ([{ file }, { source }]) => ({
      source,
      id: relative(roots.get(source) ?? "", file),
    }));
    for (const [i, path] of maskNames(ids, ".nii.gz").entries()) {
      const [volume, { slices }] = [...volumes][i];
      this.#volumes.set(volume, {
        ...{ path, missing: slices },
        labels: new LabelVolume(volume, filed.ignored),
        origins: this.#completed ? new LabelVolume(volume, 0) : undefined,
      });
    }
    let at = 0;
    return parts.map(({ samples }) =>
      samples.map(({ image }) => {
        const volume = sliceOf(image)?.volume;
        const path = volume === undefined ? pngs[at++] : this.#volumes.get(volume)?.path;
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
    const volume = this.#volumes.get(slice.volume);
    if (volume === undefined) throw new Error(`${slice.volume.file} has no name`);
    volume.labels.set(slice.slice, filedNumbers(map));
    if (origins !== undefined) volume.origins?.set(slice.slice, origins);
    volume.missing--;
    if (volume.missing > 0) return;
    this.#volumes.delete(slice.volume);
    const meanings = new Map([
      [filed.background, "background"],
      ...this.#classes.map((name, k) => [k + 1, name] as const),
    ]);
    await this.#volume(join(names.masks, volume.path), volume.labels, meanings);
    if (volume.origins !== undefined) await this.#volume(join(names.origins, volume.path), volume.origins);
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

  async #volume(path: string, labels: LabelVolume, meanings?: ReadonlyMap<number, string>): Promise<void> {
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

/** The deepest folder that two folders lie in; the first one where there is no second. */
function commonFolder(folder: string, other: string | undefined): string {
  if (other === undefined) return folder;
  const [one, two] = [folder.split(sep), other.split(sep)];
  const parted = one.findIndex((step, i) => step !== two.at(i));
  return parted < 0 ? folder : one.slice(0, parted).join(sep);
}
