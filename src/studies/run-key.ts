// Keys of runs: two runs with one key are the same, from the first step on or until the warm-up ends.

import { createHash } from "node:crypto";
import { canonical } from "../training/canonical.ts";
import { reproducibleSettings } from "../assemble/training-settings.ts";
import type { StudyRun } from "./run-study.ts";

/** The key of a run, made from everything that may change one of its numbers. */
export function keyOf(run: StudyRun, images: string, environment: unknown): string {
  const text = canonical([...runIdentity(run), images, environment]) ?? "";
  return createHash("sha256").update(text).digest("hex");
}

/** The key of a warm-up, made from all that decides its steps; the unsupervised losses have no weight in it. */
export function warmUpNameOf({ planned, settings }: StudyRun): string {
  const inWarmUp = { ...settings, lambdaPseudo: 0, lambdaConsistency: 0 };
  return canonical(runIdentity({ planned, settings: inWarmUp })) ?? "";
}

/** What a run learns from and how, without its name; null stands for all sources, or all classes. */
const runIdentity = ({ planned, settings }: Pick<StudyRun, "planned" | "settings">): unknown[] => {
  const { labels, sources = null, classes = null, scoredClasses } = planned;
  return [reproducibleSettings(settings), labels, sources, classes, scoredClasses];
};
