// What makes two runs one, from the first step on or until the warm-up ends.

import { createHash } from "node:crypto";
import { canonical } from "../training/canonical.ts";
import { reproducibleSettings } from "../assemble/training-settings.ts";
import type { StudyRun } from "./run-study.ts";

/** Of everything that may change a number of a run. */
export function keyOf(run: StudyRun, images: string, environment: unknown): string {
  const text = canonical([...runIdentity(run), images, environment]) ?? "";
  return createHash("sha256").update(text).digest("hex");
}

/** Of all that decides the steps of a warm-up, in which both unsupervised losses weigh nothing. */
export function warmUpNameOf({ planned, settings }: StudyRun): string {
  const inWarmUp = { ...settings, lambdaPseudo: 0, lambdaConsistency: 0 };
  return canonical(runIdentity({ planned, settings: inWarmUp })) ?? "";
}

/** What a run learns from and how, whatever it is called; that it learns all is said, too. */
const runIdentity = ({ planned, settings }: Pick<StudyRun, "planned" | "settings">): unknown[] => {
  const { labels, sources = null, classes = null, scoredClasses } = planned;
  return [reproducibleSettings(settings), labels, sources, classes, scoredClasses];
};
