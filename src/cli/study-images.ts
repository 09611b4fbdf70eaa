// The images of a study by seed: with the labels that the manifest gives, and with full labels where the truth is known.

import { createHash } from "node:crypto";
import { fullLabelsProblem, fullLabels } from "../studies/full-labels.ts";
import type { StudyImages } from "../studies/study-run.ts";
import { assemblyDigest } from "../data/assembly/digest.ts";
import { DataError, ManifestError } from "../errors/data-errors.ts";
import type { Manifest } from "../assemble/training-manifest.ts";
import { describeLoaded } from "./loading.ts";
import { counting } from "./terminal/counter.ts";
import type { RunObserver } from "../runs/run-observer.ts";
import { loadImages, type Loaded, type LoadingOptions } from "../runs/load-images.ts";

export interface StudyLoad {
  readonly images: StudyImages;
  /** Coverage of the given labels. */
  readonly coverage: Loaded["coverage"];
  /** Digest of the images and their labels. */
  readonly digest: string;
  readonly whyNoFullLabels: string | undefined;
}

/** Loads images by seed, and reports on those of the first. */
export function imagesOf(
  manifest: Manifest,
  options: Omit<LoadingOptions, "seed"> & { readonly quiet: boolean },
  say: (text: string) => void,
  signal: AbortSignal,
): (seed: number) => Promise<StudyLoad> {
  const complete = fullLabels(manifest);
  let told = false;
  const warn = (text: string): void => void process.stderr.write(`${text}\n`);
  return async (seed) => {
    const count = counting(options.quiet || told);
    const load = (from: Manifest, loaded?: RunObserver["loaded"]): Promise<Loaded> =>
      loadImages(from, { ...options, seed }, { count, ...(loaded && { loaded, warn }) }, signal);
    const describe: RunObserver["loaded"] = (selected, decoded) => describeLoaded(selected, decoded, say);
    const { assembly: given, coverage } = await load(manifest, told ? undefined : describe);
    told = true;
    const full =
      typeof complete === "string"
        ? complete
        : await load(complete).then(({ assembly }) => assembly, reasonOf);
    const fault = typeof full === "string" ? full : fullLabelsProblem(given, full);
    const images = { given, full: typeof full === "string" || fault !== undefined ? undefined : full };
    return { images, coverage, digest: await imagesDigest(images), whyNoFullLabels: fault };
  };
}

/** A digest of images and labels. Full labels are not digested for the test images, which are the same for all arms. */
export async function imagesDigest({ given, full }: StudyImages): Promise<string> {
  const hash = createHash("sha256").update(await assemblyDigest(given));
  const { sources = [], validation } = full ?? {};
  for (const { states } of sources) hash.update(states);
  // Validation decides how long a run on full labels is, and which weights it keeps.
  if (validation !== undefined) hash.update(validation.states);
  return hash.digest("hex");
}

/** The reason why full labels cannot be loaded. Errors of other kinds than manifest and data are thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof ManifestError || error instanceof DataError) return `${error.message}.`;
  throw error;
}
