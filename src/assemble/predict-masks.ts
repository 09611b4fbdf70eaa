// Label maps of a segmenter at the size of the images themselves.

import {
  aFunction,
  aList,
  anything,
  expectArgument,
  expectOptions,
  oneOf,
  required,
  type OptionChecks,
} from "../errors/arguments.ts";
import { anImageSet, type ImageSet } from "../data/assembly/assembly.ts";
import { fits } from "../data/images/image.ts";
import type { Engine } from "../runtime/engine.ts";
import {
  aSegmenter,
  predictPixels,
  type PixelOptions,
  type PixelPredictions,
  type PixelSettings,
} from "./pixel-predictions.ts";
import type { Segmenter } from "./segmenter.ts";
import { wholeMap } from "./whole-maps.ts";

/** A label map of one image. */
export interface PredictedMask {
  /** The place of the image in the set. */
  readonly index: number;
  readonly height: number;
  readonly width: number;
  /** [height, width] Classes, background (254), and ignored (255) where the network saw nothing. */
  readonly map: Uint8Array<ArrayBuffer>;
  /**
   * The same among some of the classes: of background that is known to be none of the others.
   * @param candidates by class, whether a pixel may be of it
   */
  among(candidates: readonly boolean[]): Uint8Array<ArrayBuffer>;
}

export interface MaskOptions extends Omit<PixelOptions, "image"> {
  /** Told of each image, in order; the next one waits for the promise. */
  readonly mask: (mask: PredictedMask) => void | Promise<void>;
}

const maskOptions: OptionChecks<MaskOptions> = {
  memory: anything,
  signal: anything,
  progress: anything,
  sizes: aList,
  fit: oneOf(fits),
  mask: required(aFunction),
};

/**
 * Predicts a label map for each image of a set at the image's own size: `wholeMap` says how. Of the maps only one is held at a time.
 * A pixel that several classes share is the likeliest of them.
 *
 * @throws as `predictPixels`
 */
export async function predictMasks(
  engine: Engine,
  segmenter: Segmenter,
  set: ImageSet,
  settings: PixelSettings,
  options: MaskOptions,
): Promise<PixelPredictions> {
  expectArgument("predictMasks", "the segmenter", segmenter, aSegmenter);
  expectArgument("predictMasks", "the images", set, anImageSet);
  expectOptions("predictMasks", options, maskOptions);
  const { mask, ...others } = options;
  const { sizes, fit } = options;
  const { background: softmax } = segmenter;
  const network = { height: set.height, width: set.width, fit };
  return await predictPixels(engine, segmenter, set, settings, {
    ...others,
    image: async (index, _map, probabilities) => {
      const { exhaustive } = settings;
      const { height, width } = sizes?.[index] ?? network;
      const among = (candidates?: readonly boolean[]): Uint8Array<ArrayBuffer> =>
        wholeMap(probabilities, network, { height, width }, { softmax, exhaustive, candidates });
      const map = among();
      await mask({ index, height, width, map, among });
    },
  });
}
