// The images of a study by seed: with the labels that the manifest gives, and with full labels where the truth is known.

import { createHash } from "node:crypto";
import { fullLabelsProblem, fullLabels } from "../studies/full-labels.ts";
import type { StudyImages } from "../studies/study-run.ts";
import type { StudyPlan } from "../studies/study-plan.ts";
import { assemblyOf } from "../studies/planned-run.ts";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import { countLabels, kindOf } from "../data/inspection/counts.ts";
import { labelWarnings } from "../data/inspection/warnings.ts";
import { assemblyDigest, pieces } from "../data/assembly/digest.ts";
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

/** Loads images by seed, and reports on those of the first: also what is odd about the labels, given and full, each once. */
export function imagesOf(
  manifest: Manifest,
  options: Omit<LoadingOptions, "seed"> & { readonly quiet: boolean },
  { say, warn }: { readonly say: (text: string) => void; readonly warn: (text: string) => void },
  signal: AbortSignal,
): (seed: number) => Promise<StudyLoad> {
  const complete = options.untested === true ? "folds learn from given labels." : fullLabels(manifest);
  let told = false;
  return async (seed) => {
    const count = counting(options.quiet || told);
    const observer = told ? { count } : { count, warn: once(warn) };
    const load = (from: Manifest, loaded?: RunObserver["loaded"]): Promise<Loaded> =>
      loadImages(from, { ...options, seed }, { ...observer, ...(loaded && { loaded }) }, signal);
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

/** Says each line once. */
function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (!said.has(line)) say(line);
    said.add(line);
  };
}

/**
 * Warnings about what single arms learn from, which the manifest's own do not say: an arm may train on one source alone, or learn
 * some of the classes.
 */
export function armWarnings({ arms }: StudyPlan, { images }: StudyLoad): string[] {
  const own = new Set(warningsOfAssembly(images.given));
  const found = arms.flatMap(({ runs }) =>
    runs.flatMap((run) =>
      warningsOfAssembly(assemblyOf(run, images))
        .filter((sentence) => !own.has(sentence))
        .map((sentence) => `${run.name}: ${sentence}`),
    ),
  );
  return [...new Set(found)];
}

/** Fewer, and an AUC or Dice on other images may be far from that on these: as for the intervals of a run. */
const fewestScored = 10;

/**
 * A warning about classes of which few test images, by patient, are positive or negative: intervals over seeds do not show it. A
 * Dice is of the images that show a class, and needs no others.
 */
export function scarceWarnings({ images: { given } }: Pick<StudyLoad, "images">): string[] {
  const { classes, test } = given;
  const kinds = isMasked(test) ? (["positive"] as const) : (["positive", "negative"] as const);
  const few = classes.flatMap((name, k) =>
    kinds.flatMap((label) => {
      const holders = new Set<string | number>();
      for (let row = 0; row < test.count; row++) {
        if (kindOf(test.states[row * classes.length + k]) === label) holders.add(test.patients?.[row] ?? row);
      }
      return holders.size === 0 || holders.size >= fewestScored ? [] : [`${name} (${holders.size} ${label})`];
    }),
  );
  if (few.length === 0) return [];
  return [
    `Fewer than ${fewestScored} patients or single images to test on have a label of ${few.join(", ")}: the study's intervals are over ` +
      `seeds, and say nothing of how far ${isMasked(test) ? "a Dice" : "an AUC"} on other images may be from one on so few.`,
  ];
}

/** Warnings about the labels to train on. */
function warningsOfAssembly({ classes, sources }: Assembly): string[] {
  const counts = sources.map(({ source, count, states }) => {
    const list = {
      source,
      part: "train" as const,
      samples: Array.from({ length: count }, () => nameless),
      states,
    };
    return countLabels({ ...list, uncertain: new Uint32Array(classes.length) }, classes.length);
  });
  return labelWarnings(classes, counts, sources.some(isMasked));
}
/** Whether the labels of its images are masks. */
const isMasked = ({ maps }: ImageSet): boolean => maps !== undefined;
const nameless = { id: "", image: { kind: "file", file: "" } } as const;

/** A digest of images and labels. Full labels are not digested for the test images, which are the same for all arms. */
export async function imagesDigest({ given, full }: StudyImages): Promise<string> {
  const hash = createHash("sha256").update(await assemblyDigest(given));
  const { sources = [], validation } = full ?? {};
  // Validation decides how long a run on full labels is, and which weights it keeps.
  for (const { states, maps, count, height, width } of [...sources, ...(validation ? [validation] : [])]) {
    hash.update(states);
    if (maps === undefined) continue;
    for await (const piece of pieces(maps, count, height * width)) hash.update(piece);
  }
  return hash.digest("hex");
}

/** The reason why full labels cannot be loaded. Errors of other kinds than manifest and data are thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof ManifestError || error instanceof DataError) return `${error.message}.`;
  throw error;
}
