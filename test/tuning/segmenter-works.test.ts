import { expect, test } from "vitest";
import { declaredLabels, settingsOf } from "../../src/assemble/manifest-settings.ts";
import { traceTraining } from "../../src/assemble/planning/traced-steps.ts";
import { readTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { hasChoice, worksOf } from "../../src/tuning/works.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "webgpu" });

test("the losses of pixels are among the works of a segmenter, with their candidates; label maps are moved in one way", async () => {
  const manifest = await readTrainingManifest("examples/phantom-outlines.yaml");
  const { traits } = open();
  const steps = traceTraining(traits, settingsOf(manifest, 0), manifest.image, declaredLabels(manifest), 2);
  const works = worksOf(
    steps.map(({ recording }) => recording),
    traits,
  );
  const choicesOf = (name: string): boolean[] =>
    works.filter(({ operator }) => operator.name === name).map(hasChoice);
  // Both views, and the weak one alone.
  expect(choicesOf("assemblePixels")).toEqual([true, true]);
  expect(choicesOf("maskedDice")).toEqual([true]);
  expect(choicesOf("augmentLabels")).toEqual([false]);
  expect(choicesOf("conv2d").filter(Boolean).length).toBeGreaterThan(4);
});
