// Views in a manifest: presets by name, changes of them, and what is refused.
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { viewPresetNames, viewPresets } from "../../src/assemble/augmentation.ts";
import { augmentFields } from "../../src/assemble/view-fields.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { pixelViews } from "../../src/assemble/views.ts";
import { record } from "../../src/data/manifest/fields.ts";
import { imageOperators } from "../../src/operators/images/index.ts";

const augment = record(augmentFields);

/** Where the first thing wrong with an `augment` section is, and what. */
function complaint(section: unknown): string {
  const { error } = augment.safeParse(section);
  const issue: z.core.$ZodIssue | undefined = error?.issues[0];
  return issue === undefined ? "" : `${issue.path.join(".")}: ${issue.message}`;
}

describe("the augment section", () => {
  test("left out, is the paper's two views", () => {
    expect(augment.parse({})).toEqual({
      weak: viewPresets["paper-weak"],
      strong: viewPresets["paper-strong"],
    });
  });

  test("takes the name of a preset", () => {
    expect(augment.parse({ weak: "none", strong: "mnist" })).toEqual({
      weak: viewPresets.none,
      strong: viewPresets.mnist,
    });
  });

  test("takes changes of a preset, by default of the view's own", () => {
    expect(
      augment.parse({ weak: { preset: "mnist", shift: 1.5 }, strong: { flip: 0, eraseArea: [0.1, 0.2] } }),
    ).toEqual({
      weak: { ...viewPresets.mnist, shift: 1.5 },
      strong: { ...viewPresets["paper-strong"], flip: 0, eraseArea: [0.1, 0.2] },
    });
  });

  test("names the nearest preset or change where one is mistyped", () => {
    expect(complaint({ weak: "paper-weka" })).toContain('did you mean "paper-weak"?');
    expect(complaint({ strong: { preset: "mnits" } })).toBe(
      'strong.preset: must be one of paper-weak, paper-strong, mnist, none, not "mnits"; did you mean "mnist"?',
    );
    expect(complaint({ weak: { rotaton: 3 } })).toContain('did you mean "rotation"?');
    expect(complaint({ wek: "none" })).toContain('did you mean "weak"?');
  });

  test.each([
    [{ flip: 1.5 }, "weak.flip"],
    [{ flip: true }, "weak.flip"],
    [{ rotation: 181 }, "weak.rotation"],
    [{ shift: -1 }, "weak.shift"],
    [{ scale: 1 }, "weak.scale"],
    [{ saltAndPepper: 2 }, "weak.saltAndPepper"],
    [{ eraseArea: [0.3, 0.2] }, "weak.eraseArea: must be two shares of the area, as [0.02, 0.33]"],
    [{ eraseArea: [0, 0.2] }, "weak.eraseArea"],
    [{ eraseAspect: 3 }, "weak.eraseAspect: must be two ratios of height to width, as [0.3, 3.3]"],
    [7, "weak"],
  ])("refuses %j, naming %s", (weak, where) => {
    expect(complaint({ weak })).toContain(where);
  });
});

describe("views of segmentation", () => {
  const manifest = (task: string, augment: string) =>
    parseTrainingManifest(
      `task: ${task}\nclasses: [nodule, mass]\nimage: { height: 32, width: 32 }\naugment:\n${augment}\n` +
        "sources:\n  - { name: one, format: phantoms, site: A, count: 8 }\n",
      "views.yaml",
    );

  test.each(["flip", "rotation", "shift", "scale"])("may not state a strong view's %s", (change) => {
    for (const strong of [`{ ${change}: 0 }`, `{ preset: mnist, noise: 3, ${change}: 0.5 }`]) {
      expect(() => manifest("segmentation", `  strong: ${strong}`)).toThrow(
        `views.yaml:5: augment.strong.${change} is not for segmentation, which compares both views pixel by pixel: the strong ` +
          `one is moved as the weak one is; set augment.weak.${change}`,
      );
      expect(() => manifest("classification", `  strong: ${strong}`)).not.toThrow();
    }
    expect(() => manifest("segmentation", `  weak: { ${change}: 0.5 }`)).not.toThrow();
  });

  test("have the weak view's geometry, whatever presets they come from", () => {
    const { augment } = manifest(
      "segmentation",
      "  weak: { preset: mnist, scale: 0.1 }\n  strong: paper-strong",
    );
    const { weak, strong } = pixelViews(augment);
    expect(weak).toEqual({ ...viewPresets.mnist, scale: 0.1 });
    expect(strong).toEqual({
      ...viewPresets["paper-strong"],
      ...{ flip: 0, rotation: 10, shift: 2, scale: 0.1 },
    });
  });
});

test("every preset is one that the operator takes, and has its numbers from the paper's code", () => {
  const image = { shape: [1, 4, 4, 3], dtype: "u8" } as const;
  const seed = { shape: [4], dtype: "u32" } as const;
  const normalisation = { mean: [0, 0, 0], deviation: [1, 1, 1] };
  expect(viewPresetNames).toEqual(["paper-weak", "paper-strong", "mnist", "none"]);
  expect(Object.keys(viewPresets)).toEqual(viewPresetNames);
  for (const settings of Object.values(viewPresets)) {
    const attributes = { ...settings, ...normalisation, view: 0, geometry: 0 };
    expect(imageOperators.augmentImages.infer([image, seed], attributes)).toHaveLength(1);
  }
  expect(viewPresets["paper-weak"]).toMatchObject({ flip: 0.5, rotation: 10, erase: 0 });
  expect(viewPresets["paper-strong"]).toMatchObject({
    ...{ flip: 0.5, rotation: 15, brightness: 0.5, contrast: 0.5, saturation: 0.5 },
    ...{ erase: 0.5, eraseArea: [0.02, 0.33] },
  });
  expect(viewPresets.mnist).toMatchObject({ flip: 0, rotation: 10, shift: 2 });
});
