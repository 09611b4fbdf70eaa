// What a segmenter says of an image, from the logits of its pixels: probabilities, the classes of each pixel, and a score of each
// class for the image as a whole.

import { background, classWords, exclusionBits, type ExclusiveGroups } from "../labels/label-map.ts";

/** Pixels of which an image's score is the mean, where nobody knows how large a pixel is. */
const scoredPixels = 20;
/** Cubic millimetres of a millilitre, of which it is the mean elsewhere. */
const scoredVolume = 1000;

/**
 * How many pixels the score of an image is the mean of: 20, or as many as make 1 ml.
 * @param voxelVolume cubic millimetres of a pixel; 0 where nobody knows
 */
export const pixelsScored = (voxelVolume: number): number =>
  voxelVolume > 0 ? Math.max(1, Math.ceil(scoredVolume / voxelVolume)) : scoredPixels;

/** The largest magnitude of a score's logit: beyond it, float64 has no probability left. */
const largestLogit = 700;

/** How the logits of a pixel are read. */
export interface PixelReading {
  /** Classes of which a pixel has at most one; default: none. */
  readonly exclusive?: ExclusiveGroups | undefined;
  /** Whether each pixel is of one class, the likeliest, however unlikely that is; default: it may be of none. */
  readonly exhaustive?: boolean | undefined;
  /** Whether the last of K + 1 logits is the background's, and they are a softmax's. */
  readonly softmax?: boolean | undefined;
}

/** Decides pixel by pixel, into arrays of its own that the next image writes over. */
export class PixelDecisions {
  /** [P, K] */
  readonly probabilities: Float32Array;
  /** [P, K] 1 where the pixel is said to be of the class. */
  readonly chosen: Uint8Array;
  /** [P] The likeliest of the chosen classes of each pixel, or the background. */
  readonly map: Uint8Array;
  readonly #pixels: number;
  /** [P] All of them. */
  readonly #all: Uint32Array;
  readonly #classes: number;
  readonly #exhaustive: boolean;
  readonly #exclusions: Uint32Array;
  readonly #words: number;
  /** [K, P] Log-odds in float64, of which the largest are looked for; only for a softmax. */
  readonly #odds: Float64Array | undefined;

  /**
   * @param pixels P, of an image
   */
  constructor(pixels: number, classes: number, reading: PixelReading) {
    const { exclusive = [], exhaustive = false, softmax = false } = reading;
    this.probabilities = new Float32Array(pixels * classes);
    this.chosen = new Uint8Array(pixels * classes);
    this.map = new Uint8Array(pixels);
    this.#pixels = pixels;
    this.#all = Uint32Array.from({ length: pixels }, (_, pixel) => pixel);
    this.#classes = classes;
    this.#exhaustive = exhaustive;
    this.#exclusions = exclusionBits(exclusive, classes);
    this.#words = classWords(classes);
    this.#odds = softmax ? new Float64Array(pixels * classes) : undefined;
  }

  /** @param logits [P, K], or [P, K + 1] of a softmax */
  decide(logits: Float32Array): void {
    this.chosen.fill(0);
    if (this.#odds === undefined) this.#sigmoid(logits);
    else this.#softmax(logits, this.#odds);
  }

  /** A class where its probability is above one half, or the likeliest; of classes that exclude each other only the likeliest. */
  #sigmoid(logits: Float32Array): void {
    const classes = this.#classes;
    const { probabilities, chosen, map } = this;
    const likely: number[] = [];
    for (let pixel = 0, first = 0; pixel < this.#pixels; pixel++, first += classes) {
      likely.length = 0;
      for (let k = 0; k < classes; k++) {
        const z = logits[first + k];
        probabilities[first + k] = 1 / (1 + Math.exp(-z));
        if (z > 0) likely.push(k);
      }
      if (likely.length === 0 && this.#exhaustive) likely.push(likeliest(logits, first, classes));
      if (likely.length > 1) likely.sort((a, b) => logits[first + b] - logits[first + a] || a - b);
      map[pixel] = likely[0] ?? background;
      for (const [rank, k] of likely.entries()) {
        if (rank === 0 || !this.#isExcluded(first, k)) chosen[first + k] = 1;
      }
    }
  }

  /** Whether a class that was chosen for the pixel leaves no room for this one. */
  #isExcluded(first: number, k: number): boolean {
    for (let other = 0; other < this.#classes; other++) {
      if (this.chosen[first + other] === 0) continue;
      if (((this.#exclusions[other * this.#words + (k >> 5)] >>> (k & 31)) & 1) === 1) return true;
    }
    return false;
  }

  /** The likeliest of the classes and the background, or of the classes alone. */
  #softmax(logits: Float32Array, odds: Float64Array): void {
    const classes = this.#classes;
    const width = classes + 1;
    for (let pixel = 0; pixel < this.#pixels; pixel++) {
      const from = pixel * width;
      let best = likeliest(logits, from, classes);
      if (!(logits[from + best] > logits[from + classes])) best = classes;
      const top = logits[from + best];
      let others = 0;
      for (let k = 0; k < width; k++) if (k !== best) others += Math.exp(logits[from + k] - top);
      const sum = others + 1;
      for (let k = 0; k < classes; k++) {
        const z = logits[from + k] - top;
        const at = pixel * classes + k;
        this.probabilities[at] = Math.exp(z) / sum;
        // sum - exp(z) would lose the digits of a likely class only, and that is the best one.
        odds[k * this.#pixels + pixel] = k === best ? -Math.log(others) : z - Math.log(sum - Math.exp(z));
      }
      const said = best === classes && this.#exhaustive ? likeliest(logits, from, classes) : best;
      this.map[pixel] = said === classes ? background : said;
      if (said < classes) this.chosen[pixel * classes + said] = 1;
    }
  }

  /**
   * The score of one class: the logit of the mean of its m largest probabilities, or of all where there are fewer.
   *
   * @param logits as for `decide`, of the same image
   * @param most m
   * @param among the pixels that have a say, one at least; default: all
   * @returns NaN where a logit of the class is no number there; and which pixels the score is of
   */
  score(logits: Float32Array, k: number, most: number, among = this.#all): ImageScore {
    const count = Math.min(most, among.length);
    const largest = new Float64Array(count).fill(-Infinity); // ascending
    const pixels = new Uint32Array(count);
    for (let i = 0; i < among.length; i++) {
      const pixel = among[i];
      const z = this.#odds?.[k * this.#pixels + pixel] ?? logits[pixel * this.#classes + k];
      if (Number.isNaN(z)) return { logit: NaN, pixels: new Uint32Array() };
      // The first `count` fill the list.
      if (i >= count && z <= largest[0]) continue;
      const at = firstAbove(largest, z) - 1;
      largest.copyWithin(0, 1, at + 1);
      pixels.copyWithin(0, 1, at + 1);
      largest[at] = z;
      pixels[at] = pixel;
    }
    let [probable, improbable] = [0, 0];
    for (const z of largest) {
      probable += 1 / (1 + Math.exp(-z));
      improbable += 1 / (1 + Math.exp(z));
    }
    const logit = Math.log(probable) - Math.log(improbable);
    return { logit: Math.max(-largestLogit, Math.min(largestLogit, logit)), pixels };
  }
}

export interface ImageScore {
  readonly logit: number;
  /** The pixels whose probabilities it is the mean of. */
  readonly pixels: Uint32Array;
}

/** The first of the largest of `count` logits from a place on. */
function likeliest(logits: Float32Array, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (logits[from + k] > logits[from + best]) best = k;
  return best;
}

/** The place of the first value above z in ascending ones. */
function firstAbove(ascending: Float64Array, z: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > z) high = middle;
    else low = middle + 1;
  }
  return low;
}
