// Two sources of phantoms that know different findings, and what a study is told of them.

import type { StudyImages } from "../../src/studies/study-run.ts";
import { findingNames } from "../../src/data/phantoms/phantom-names.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import type { Assembly } from "../../src/data/assembly/assembly.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";

export const settings = { ...smallSettings, batch: 12, steps: 6, warmupSteps: 3 };
export const given = smallAssembly(12);
export const full: Assembly = {
  ...given,
  sources: (["A", "B"] as const).map((site) =>
    phantoms({ count: 12, size: 16, site, seed: 1, knows: findingNames.slice() }),
  ),
};
export const images: StudyImages = { given, full };
export const knowledge = new Map([
  ["phantoms A", findingNames.slice(0, 4)],
  ["phantoms B", findingNames.slice(2)],
]);
export const context = { classes: findingNames, knowledge, settings, margin: 0.01 };
