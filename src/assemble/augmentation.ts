// Random views of images: the presets that manifests name, and what may stand in a manifest's `augment` section.
import { z } from "zod";
import { unchanged, type ViewSettings } from "../operators/images/index.ts";
import { oneOf, record, share } from "../data/manifest/fields.ts";

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

/** Two numbers, the smaller one first. */
const range = (number: z.ZodNumber, error: string) =>
  z
    .tuple([number, number], { error })
    .refine(([low, high]) => low <= high, { error })
    .readonly();

const changes = {
  /** Probability of mirroring left and right. Not for digits, nor where the side of the heart matters. */
  flip: share,
  /** Turned about the centre by up to so many degrees, either way. What comes in from outside the image is black. */
  rotation: z.number().min(0).max(180),
  /** Moved by up to so many pixels along either axis. */
  shift: z.number().min(0).max(4096),
  /** Larger or smaller by up to this share. */
  scale: z.number().min(0).max(0.9),
  /** Brighter or darker: multiplied by 1 - brightness to 1 + brightness. */
  brightness: z.number().min(0).max(10),
  /** Stretched about the mean colour by 1 - contrast to 1 + contrast. */
  contrast: z.number().min(0).max(10),
  /** Colours stretched about grey by 1 - saturation to 1 + saturation; nothing happens to grey images. */
  saturation: z.number().min(0).max(10),
  /** Deviation of added Gaussian noise, in grey levels of 255. */
  noise: z.number().min(0).max(255),
  /** Share of the views that get this noise. */
  noiseProbability: share,
  /** Share of the pixels that become black or white, half of them each. */
  saltAndPepper: share,
  /** Share of the views to which this happens. */
  saltAndPepperProbability: share,
  /** Probability of erasing a rectangle, to the mean colour. */
  erase: share,
  /** Its smallest and largest area, as shares of the image's. */
  eraseArea: range(z.number().gt(0).max(1), "must be two shares of the area, as [0.02, 0.33]"),
  /** Its smallest and largest ratio of height to width. */
  eraseAspect: range(z.number().min(0.01).max(100), "must be two ratios of height to width, as [0.3, 3.3]"),
} satisfies { readonly [Change in keyof ViewSettings]: z.ZodType<ViewSettings[Change]> };

/** A view with all of its limits, as files keep it. */
export const viewSchema = z.strictObject(changes);

const partial = z.object(changes).partial().shape;

/**
 * A view in a manifest: the name of a preset, or some changes of one, `{ preset: mnist, shift: 1 }`.
 *
 * @param preset the one meant where none is named
 */
export const view = (preset: ViewPreset) =>
  z.preprocess(
    (given) => (typeof given === "string" ? { preset: given } : given),
    record({ preset: oneOf(viewPresetNames).default(preset), ...partial }).transform(
      ({ preset: base, ...changed }): ViewSettings => ({
        ...viewPresets[base],
        ...(changed as Partial<ViewSettings>),
      }),
    ),
  );

/** The `augment` section of a manifest: both views of each image, by default as in the paper. */
export const augmentFields = {
  /** What pseudo-labels are made from. */
  weak: view("paper-weak").prefault({}),
  /**
   * The second, harder view, which should lead to the same answer. For segmentation it has the weak view's flip, rotation, shift and
   * scale (see `pixelViews`): those of a preset are left out, and others may not stand here.
   */
  strong: view("paper-strong").prefault({}),
};
