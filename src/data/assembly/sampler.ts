// Chooses the images of a training step. Every batch follows from the seed and its position alone: a run can resume anywhere,
// and nothing depends on how many threads read the images.
import {
  aNumber,
  expectArgument,
  expectOptions,
  listOf,
  madeWith,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { positive } from "../../labels/states.ts";
import { epochOrder, permutation } from "./order.ts";
import { randomStream } from "../random-stream.ts";

/**
 * How batches are filled.
 * - `proportional`: all images of all sources in one random order, each once an epoch.
 * - `per-source`: equal shares of every batch for each source (the odd images go round); a small source is seen again
 *   and again while a large one is seen once.
 * - `balanced`: equal shares of every batch for each class that has positives, filled with images positive for it, and
 *   one such share for images without any positive. An image with two positives is in two shares, so it may come twice
 *   in one batch. Only given labels count: a soft state is no positive.
 */
export const samplings = ["proportional", "per-source", "balanced"] as const;
export type Sampling = (typeof samplings)[number];

/** Position in a run, counted from 0. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
}

/** What a sampler needs to know about a source. */
export interface SampledSource {
  readonly count: number;
  /** [count, K] label states. */
  readonly states: Uint8Array;
}

export interface SamplerSettings {
  readonly sampling: Sampling;
  /** Images of a step; at most as many as there are. */
  readonly batch: number;
  readonly seed: number;
}

const samplerSettings: OptionChecks<SamplerSettings> = {
  sampling: required(oneOf(samplings)),
  batch: required(wholeFrom(1)),
  seed: required(aNumber),
};

/** Steps of an epoch. Images that do not fill a last batch are left out of the epoch. */
export function stepsPerEpoch(images: number, batch: number): number {
  return Math.max(1, Math.floor(images / batch));
}

const sampledSources = listOf(
  "sources, each with count and states",
  madeWith("a source", ["count", "states"]),
);

export class Sampler {
  /** Images of a step. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly #seed: number;
  readonly #count: number;
  /** Undefined where all images are one random order. */
  readonly #shares: readonly Share[] | undefined;
  #epoch: { readonly epoch: number; readonly order: Uint32Array } | undefined;

  constructor(sources: readonly SampledSource[], settings: SamplerSettings) {
    expectArgument("Sampler", "the sources", sources, sampledSources);
    expectOptions("Sampler", settings, samplerSettings);
    const { sampling, batch, seed } = settings;
    this.#count = sources.reduce((sum, { count }) => sum + count, 0);
    this.batch = Math.min(batch, this.#count);
    this.stepsPerEpoch = stepsPerEpoch(this.#count, this.batch);
    this.#seed = seed;
    if (sampling !== "proportional") {
      const groups = sampling === "per-source" ? bySource(sources) : byClass(sources);
      this.#shares = groups.map((images, group) => new Share(images, seed, `${sampling} ${group}`));
    }
  }

  /**
   * The images of a step, counted over all sources one after the other. The caller does not change them.
   * @param position `step` below `stepsPerEpoch`
   */
  at({ epoch, step }: Position): Uint32Array {
    const shares = this.#shares;
    if (shares === undefined) return this.#order(epoch).subarray(step * this.batch, (step + 1) * this.batch);
    // Shares take turns from the first image of the run on, across epochs: a large source is seen whole before any of it
    // is seen again.
    const first = (epoch * this.stepsPerEpoch + step) * this.batch;
    return Uint32Array.from({ length: this.batch }, (_, i) => {
      const turn = first + i;
      return shares[turn % shares.length].draw(Math.floor(turn / shares.length));
    });
  }

  /** The images of some steps from `first` on, which is counted through all epochs from 0. */
  *steps(first: number, count: number): Generator<Uint32Array, void, undefined> {
    for (let step = first; step < first + count; step++) {
      const epoch = Math.floor(step / this.stepsPerEpoch);
      yield this.at({ epoch, step: step - epoch * this.stepsPerEpoch });
    }
  }

  #order(epoch: number): Uint32Array {
    if (this.#epoch?.epoch !== epoch) {
      this.#epoch = { epoch, order: epochOrder(this.#count, this.#seed, epoch) };
    }
    return this.#epoch.order;
  }
}

/** An endless sequence: all images of a group in a random order, then all in another one, and so on. */
class Share {
  readonly #images: Uint32Array;
  readonly #seed: number;
  readonly #name: string;
  #round: { readonly round: number; readonly order: Uint32Array } | undefined;

  constructor(images: Uint32Array, seed: number, name: string) {
    this.#images = images;
    this.#seed = seed;
    this.#name = name;
  }

  /** Image number `draw` of the sequence, from 0. */
  draw(draw: number): number {
    const { length } = this.#images;
    const round = Math.floor(draw / length);
    if (this.#round?.round !== round) {
      this.#round = {
        round,
        order: permutation(length, randomStream(this.#seed, "share", this.#name, round)),
      };
    }
    return this.#images[this.#round.order[draw % length]];
  }
}

function bySource(sources: readonly SampledSource[]): Uint32Array[] {
  let first = 0;
  return sources
    .map(({ count }) => {
      const images = Uint32Array.from({ length: count }, (_, i) => first + i);
      first += count;
      return images;
    })
    .filter(({ length }) => length > 0);
}

/** The images positive for each class that has any, then those positive for none, if there are such. */
function byClass(sources: readonly SampledSource[]): Uint32Array[] {
  const groups: number[][] = [];
  const none: number[] = [];
  let first = 0;
  for (const { count, states } of sources) {
    const classes = states.length / count;
    for (let i = 0; i < count; i++) {
      let any = false;
      for (let k = 0; k < classes; k++) {
        if (states[i * classes + k] !== positive) continue;
        (groups[k] ??= []).push(first + i);
        any = true;
      }
      if (!any) none.push(first + i);
    }
    first += count;
  }
  return [...Array.from(groups, (group) => group ?? []), none]
    .filter(({ length }) => length > 0)
    .map((group) => Uint32Array.from(group));
}
