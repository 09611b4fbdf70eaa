// What makes two runs one, from the first step on or until the warm-up ends.

import { createHash } from "node:crypto";
import { canonical } from "../canonical.ts";
import { settingsThatCount } from "../training-settings.ts";
import type { StudyRun } from "./run-study.ts";

/** Of everything that may change a number of a run. */
export function keyOf(run: StudyRun, images: string, where: unknown): string {
  const text = canonical([...decisive(run), images, where]) ?? "";
  return createHash("sha256").update(text).digest("hex");
}

/** Of all that decides the steps of a warm-up, in which both unsupervised losses weigh nothing. */
export function warmUpNameOf({ planned, settings }: StudyRun): string {
  const inWarmUp = { ...settings, lambdaPseudo: 0, lambdaConsistency: 0 };
  return canonical(decisive({ planned, settings: inWarmUp })) ?? "";
}

/** What a run learns from and how, whatever it is called; that it learns all is said, too. */
const decisive = ({ planned, settings }: Pick<StudyRun, "planned" | "settings">): unknown[] => {
  const { labels, sources = null, classes = null, tells } = planned;
  return [settingsThatCount(settings), labels, sources, classes, tells];
};
