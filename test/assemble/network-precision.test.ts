// Mixed precision in a manifest: what may be said of it, and what is refused before anything is trained.

import { expect, test } from "vitest";
import { fullAdapters } from "../../scripts/adapter-kinds.mjs";
import { wholeLabelSpace } from "../../src/assemble/label-space.ts";
import { settingsOf } from "../../src/assemble/manifest-settings.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { classifierOf, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { DenseNet } from "../../src/nn/densenet.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { PlanningBackend } from "../../src/runtime/planning-backend.ts";
import { useEngine } from "../engines.ts";

const reference = useEngine({ device: "reference" });

const settingsWith = (train: string, model = "{ blocks: [2, 2], growth: 4 }"): TrainingSettings =>
  settingsOf(
    parseTrainingManifest(
      `
classes: [mass, effusion]
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [mass, effusion] }]
test: { format: phantoms, site: B, count: 10 }
model: ${model}
train: ${train}
`,
      "precision.yaml",
    ),
    0,
  );
const labels = wholeLabelSpace(2, 1);

/** Of an adapter with these features. */
function planning(features: readonly string[]): Engine {
  const { gpuSubgroups: traits } = fullAdapters;
  return new Engine(new PlanningBackend({ ...traits, name: "Old Card", features: new Set(features) }));
}

test("a manifest says full, mixed, or mixed with the scale of the loss", () => {
  // What asks for nothing is left out of settings: such runs are those of before.
  expect(settingsWith("{}").precision).toBeUndefined();
  expect(settingsWith("{ precision: full }").precision).toBeUndefined();
  expect(settingsWith("{ precision: mixed }").precision).toEqual({ by: "mixed", lossScale: 4096 });
  const scaled = settingsWith("{ precision: { by: mixed, lossScale: 1024 } }");
  expect(scaled.precision).toEqual({ by: "mixed", lossScale: 1024 });
});

test.each([
  "half",
  "f16",
  "true",
  "{ by: full }",
  "{ by: mixed, lossScale: 0 }",
  "{ by: mixed, lossScale: -1 }",
  "{ by: mixed, scale: 2 }",
])("precision: %s is told by the field", (choice) => {
  expect(() => settingsWith(`{ precision: ${choice} }`)).toThrow(/precision\.yaml.*train\.precision/u);
});

test("the network of a classifier takes it", () => {
  const precisionOf = (train: string): string => {
    const model = classifierOf(reference(), settingsWith(train), labels);
    if (!(model.features instanceof DenseNet)) throw new Error("the network is a DenseNet");
    const { precision } = model.features;
    model.dispose();
    return precision;
  };
  expect(precisionOf("{ precision: mixed }")).toBe("mixed");
  expect(precisionOf("{}")).toBe("full");
});

test("a network that is no DenseNet is refused, and leaves nothing behind", () => {
  using engine = planning(["shader-f16"]);
  const settings = settingsWith("{ precision: mixed }", "{ backbone: resnet18, stem: { features: 4 } }");
  const refused = (): unknown => classifierOf(engine, settings, labels);
  expect(refused).toThrow(UsageError);
  expect(refused).toThrow(
    "train: precision: mixed is for DenseNets, and the network is a resnet; leave it out",
  );
  expect(engine.memory().tensors).toBe(0);
});

test("an adapter without f16 is named", () => {
  const settings = settingsWith("{ precision: mixed }");
  using without = planning(["subgroups"]);
  expect(() => classifierOf(without, settings, labels)).toThrow(
    'train: precision: mixed needs an adapter with shader-f16, which "Old Card" does not have; leave it out',
  );
  expect(without.memory().tensors).toBe(0);
  using able = planning(["shader-f16"]);
  expect(classifierOf(able, settings, labels).features).toHaveProperty("precision", "mixed");
});
