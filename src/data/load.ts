// From a manifest to an assembly: its catalogue, the pixels of its samples, and the sets that trainers take.
import { UsageError } from "../device/errors.ts";
import { assembly, concatenate } from "./assembly.ts";
import type { Assembly, ImageSet } from "./assembly.ts";
import { catalogue } from "./catalogue.ts";
import type { Catalogue, CatalogueOptions } from "./catalogue.ts";
import type { Part } from "./listing.ts";
import type { Manifest } from "./manifest.ts";
import { decodeAssembly } from "./pixels.ts";
import type { DecodeOptions } from "./pixels.ts";

/** How pixels are decoded, by default all into memory, is in the terms of pixels.ts. */
export interface LoadOptions extends CatalogueOptions, Partial<DecodeOptions> {}

/**
 * @throws DataError for files that are missing, damaged, or do not hold what the manifest says
 * @throws ManifestError for names that the data does not have
 * @throws UsageError where images must be decoded, and no folder of the cache is named
 */
export async function loadAssembly(manifest: Manifest, options: LoadOptions): Promise<Assembly> {
  const selected = await catalogue(manifest, options);
  const { cache = "", memory = Infinity, skipBad = false } = options;
  const decoded = selected.lists.some(({ samples }) => samples.some(({ image }) => image.kind === "file"));
  if (decoded && cache === "") {
    throw new UsageError("images of files are decoded into a cache on disk: name its folder under cache");
  }
  const { sets } = await decodeAssembly(selected, { ...options, cache, memory, skipBad });
  return assembled(selected, sets);
}

/**
 * The sets of a catalogue as trainers take them: each source's training part, and the validation and test parts of all
 * entries together.
 *
 * @param sets of the catalogue's lists, in their order
 */
export function assembled({ classes, lists }: Catalogue, sets: readonly ImageSet[]): Assembly {
  const of = (part: Part): ImageSet[] => sets.filter((_, i) => lists[i].part === part);
  const joined = (part: Part): ImageSet => {
    const [first, ...others] = of(part);
    return others.length === 0 ? first : concatenate(part, [first, ...others]);
  };
  return assembly({
    classes,
    sources: of("train"),
    ...(of("validation").length === 0 ? {} : { validation: joined("validation") }),
    test: joined("test"),
  });
}
