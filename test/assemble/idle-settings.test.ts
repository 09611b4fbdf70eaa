// What asks for nothing is not there: such a training is the one without it.

import { expect, test } from "vitest";
import { settingsOf } from "../../src/assemble/manifest-settings.ts";
import { parseTrainingManifest, type Manifest } from "../../src/assemble/training-manifest.ts";
import { reproducibleSettings, stepShape } from "../../src/assemble/training-settings.ts";
import { planStudy } from "../../src/studies/plan-study.ts";
import { askedArms } from "../../src/studies/read-arms.ts";
import { namesParts } from "../../src/training/trained-parts.ts";
import { smallSettings } from "./settings.ts";

const manifestOf = (change: string): Manifest =>
  parseTrainingManifest(
    `
classes: [mass, effusion]
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [mass, effusion] }]
test: { format: phantoms, site: B, count: 10 }
arms: { plain: , other: { ${change} } }
`,
    "arms.yaml",
  );

test.each([
  "lambdaAucMargin: 0",
  "labelSmoothing: 0",
  "focus: 0",
  "focus: { positive: 0, shift: 0 }",
  "focus: {}",
  "positiveWeight: {}",
  "freeze: []",
  "unfreeze: {}",
  "rates: {}",
])("%s is the training without it, and no arm beside it", (change) => {
  const manifest = manifestOf(change);
  const asked = askedArms(manifest, (settings) => settings);
  const settings = settingsOf(manifest, 0);
  expect(asked.map((arm) => arm.settings)).toEqual([settings, settings]);
  const context = {
    classes: manifest.classes,
    knowledge: new Map([["A", manifest.classes]]),
    settings,
    margin: 0.003,
  };
  expect(() => planStudy("settings", { ...context, asked })).toThrow(
    /would train the arms "plain" and "other" alike/u,
  );
});

test.each(["lambdaAucMargin: 0.1", "focus: { shift: 0.05 }", "positiveWeight: balanced", "freeze: features"])(
  "%s stays",
  (change) => {
    const [plain, other] = askedArms(manifestOf(change), (settings) => settings);
    const [field] = change.split(":");
    expect(Object.keys(plain.settings)).not.toContain(field);
    expect(Object.keys(other.settings)).toContain(field);
  },
);

test("settings of code are the same, too: in what tells runs apart, in the step, and in what is frozen", () => {
  const parts = { freeze: [], unfreeze: {}, rates: {} };
  const losses = {
    focus: { positive: 0, negative: 0 },
    labelSmoothing: 0,
    lambdaAucMargin: 0,
    positiveWeight: {},
  };
  const idle = { ...smallSettings, ...parts, ...losses };
  const size = { height: 16, width: 16, channels: 1 };
  expect(reproducibleSettings(idle)).toEqual(smallSettings);
  expect(stepShape(idle, size, 8)).toEqual(stepShape(smallSettings, size, 8));
  expect(namesParts(parts)).toBe(false);
});
