// What may stand in a manifest's `augment` section, and how files keep a view.
import { z } from "zod";
import { oneOf, record, share } from "../data/manifest/fields.ts";
import { viewPresetNames, viewPresets, type ViewPreset, type ViewSettings } from "./augmentation.ts";

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
