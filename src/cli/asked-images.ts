// The images that `tessera predict` is asked about, of a classifier and of a segmenter.

import { parts, type Part } from "../data/catalogue/listing.ts";
import type { ModelRecord } from "../runs/model-file.ts";
import { loadFolder, type FolderReading } from "./folder-images.ts";
import { loadParts, type LoadedParts, type ModelOptions, type NamedManifest } from "./model-images.ts";

/**
 * Those of a folder, or else of some parts of a manifest.
 * @throws as `loadFolder` and `loadParts`
 */
export async function loadAsked(
  images: string | undefined,
  named: NamedManifest | undefined,
  part: Part | "all",
  record: ModelRecord,
  options: ModelOptions & FolderReading,
  signal: AbortSignal,
): Promise<LoadedParts> {
  if (images !== undefined) return await loadFolder(images, record, options, signal);
  if (named === undefined) throw new Error("there is a manifest where no folder is named");
  return await loadParts(named, part === "all" ? parts : [part], record, options, signal);
}
