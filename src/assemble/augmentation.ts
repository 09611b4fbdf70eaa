// Random views of images: the presets that manifests name.
import { unchanged, type ViewSettings } from "../operators/images/index.ts";

export type { ViewSettings } from "../operators/images/index.ts";

/**
 * Limits by name. `paper-weak` and `paper-strong` are the transforms of the released code of Label-Assemble (Kang et al.,
 * ISBI 2023); both mirror images, which swaps the side of the heart: switch it off with `flip: 0` where that matters.
 * `mnist` is for digits, which have no mirror image.
 */
export const viewPresets = {
  "paper-weak": {
    ...unchanged,
    flip: 0.5,
    rotation: 10,
    noise: 1,
    noiseProbability: 0.3,
    saltAndPepper: 0.1,
    saltAndPepperProbability: 0.1,
  },
  "paper-strong": {
    ...unchanged,
    flip: 0.5,
    rotation: 15,
    brightness: 0.5,
    contrast: 0.5,
    saturation: 0.5,
    noise: 1,
    noiseProbability: 0.5,
    saltAndPepper: 0.3,
    saltAndPepperProbability: 0.5,
    erase: 0.5,
  },
  mnist: { ...unchanged, rotation: 10, shift: 2 },
  none: unchanged,
} as const satisfies Readonly<Record<string, ViewSettings>>;

export type ViewPreset = keyof typeof viewPresets;
export const viewPresetNames = Object.keys(viewPresets) as ViewPreset[];
