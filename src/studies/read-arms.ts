// The arms of a manifest as a study plans them; apart from the planning, which loads no network.

import { settingsOf } from "../assemble/manifest-settings.ts";
import type { TrainSection } from "../assemble/train-section.ts";
import type { Manifest } from "../assemble/training-manifest.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import { differing } from "./asked-arms.ts";
import type { AskedArm } from "./study-plan.ts";

/**
 * The arms of a manifest, in its order.
 * @param made what the study makes of settings, such as another length
 */
export function askedArms(
  manifest: Manifest,
  made: (settings: TrainingSettings) => TrainingSettings,
): readonly AskedArm[] {
  return Object.entries(manifest.arms ?? {}).map(([name, train]) => ({
    name,
    said: changesSaid(manifest.train, train),
    settings: made(settingsOf({ ...manifest, train }, 0)),
    init: train.init,
  }));
}

/** Fields that differ, with the value of the second: `learningRate: 0.01, head: { kind: linear }`. */
function changesSaid(before: TrainSection, after: TrainSection): string {
  const [was, is]: Readonly<Record<string, unknown>>[] = [{ ...before }, { ...after }];
  return differing(was, is)
    .map((field) => `${field}: ${valueSaid(is[field])}`)
    .join(", ");
}

function valueSaid(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(valueSaid).join(", ")}]`;
  const fields = Object.entries(value).map(([name, each]) => `${name}: ${valueSaid(each)}`);
  return `{ ${fields.join(", ")} }`;
}
