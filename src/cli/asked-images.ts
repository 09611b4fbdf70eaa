// The images that `tessera predict` is asked about, of a classifier and of a segmenter.

import { UsageError } from "../errors/errors.ts";
import { parts, type Part } from "../data/catalogue/listing.ts";
import type { ModelRecord } from "../runs/model-record.ts";
import { loadFiles, type AskedFiles, type FolderReading } from "./folder-images.ts";
import { loadParts, type LoadedParts, type ModelOptions, type NamedManifest } from "./model-images.ts";

/** What stands behind the run on a command line: a manifest, or images. */
export interface Asked {
  readonly manifest: string | undefined;
  readonly files: AskedFiles | undefined;
}

/** Whether a name is that of a manifest, and of no image or table. */
export const isManifestName = (path: string): boolean => /\.(?:ya?ml|json)$/iu.test(path);

/**
 * Tells a manifest, which is one YAML file, from images.
 * @param folder of --images
 * @throws UsageError for both
 */
export function askedOf(paths: readonly string[], folder: string | undefined): Asked {
  const manifests = paths.filter(isManifestName);
  const images = paths.filter((path) => !isManifestName(path));
  if (manifests.length > 1 || (manifests.length === 1 && images.length > 0)) {
    throw new UsageError(
      `${manifests[0]} is a manifest, and ${images[0] ?? manifests[1]} stands beside it; name one manifest, or images without any`,
    );
  }
  if (folder !== undefined && images.length > 0) {
    throw new UsageError(
      `--images ${folder} and ${images[0]} both name images; name all of them without --images`,
    );
  }
  const files =
    folder !== undefined
      ? { paths: [folder], said: `--images ${folder}` }
      : images.length > 0
        ? { paths: images, said: images.length === 1 ? images[0] : `${images[0]} and others` }
        : undefined;
  return { manifest: manifests.at(0), files };
}

/**
 * Those that are named, or else of some parts of a manifest.
 * @throws as `loadFiles` and `loadParts`
 */
export async function loadAsked(
  files: AskedFiles | undefined,
  named: NamedManifest | undefined,
  part: Part | "all",
  record: ModelRecord,
  options: ModelOptions & FolderReading,
  signal: AbortSignal,
): Promise<LoadedParts> {
  if (files !== undefined) return await loadFiles(files, record, options, signal);
  if (named === undefined) throw new Error("there is a manifest where no images are named");
  return await loadParts(named, part === "all" ? parts : [part], record, options, signal);
}
