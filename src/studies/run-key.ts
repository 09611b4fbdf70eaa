// Keys of runs: two runs with one key are the same, from the first step on or until the warm-up ends.

import { createHash } from "node:crypto";
import { assembleTerms, noLambdas } from "../assemble/assemble-terms.ts";
import { canonical } from "../training/canonical.ts";
import { reproducibleSettings } from "../assemble/training-settings.ts";
import { learnedFrom } from "./planned-run.ts";
import type { StudyRun } from "./study-run.ts";

/** The key of a run, made from everything that may change one of its numbers. */
export function keyOf(run: StudyRun, images: string, environment: unknown): string {
  // Listed only where it is given: otherwise every finished run would have another key.
  const at = run.specificity === undefined ? [] : [{ specificity: run.specificity }];
  const text = canonical([...runIdentity(run), ...at, images, environment]) ?? "";
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Of all that decides the steps of a warm-up, in which given labels alone teach: and of the terms that they are told by, which
 * a checkpoint holds.
 */
export function warmUpNameOf(run: StudyRun): string {
  const inWarmUp = { ...run.settings, ...noLambdas };
  return canonical([...runIdentity({ ...run, settings: inWarmUp }), assembleTerms(run.settings)]) ?? "";
}

/** How a run learns, what from, and which weights it begins with where the seed does not draw them. */
const runIdentity = ({
  planned,
  settings,
  initial,
}: Pick<StudyRun, "planned" | "settings" | "initial">): unknown[] => [
  reproducibleSettings(settings),
  ...learnedFrom(planned),
  ...(initial === undefined ? [] : [{ initial: initial.sha256 }]),
];
