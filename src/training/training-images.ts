// The images of a training run on their way to the device. Where they fit they are put there once, and a step names those
// it takes; else each step's batch is fed.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { largestBinding, type AdapterTraits } from "../device/traits.ts";
import { classWords, knownBits } from "../labels/label-map.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ImageReader, type Batch } from "../data/assembly/image-reader.ts";

/** Images and label states of all sources, on the device. */
export interface ResidentImages {
  /** u8 [N, H, W, C] */
  readonly pixels: Tensor;
  /** u8 [N, O], O the outputs of the head that learns from them */
  readonly states: Tensor;
  /** u8 [N, H, W], of images with label maps. */
  readonly maps?: Tensor;
  /** u32 [N, W'], which classes each map knows (`knownBits`). */
  readonly known?: Tensor;
}

/** What a step takes: a batch, or which of the resident images. */
export type StepImages = Batch | { readonly rows: Uint32Array };

/** How many images there are, and of what size. */
export interface ImageCount {
  readonly count: number;
  /** Height x width x channels. */
  readonly bytesEach: number;
  /** Label states of an image. */
  readonly outputs: number;
  /** Pixels of a label map, where images have one; it comes with bits that tell which classes it knows. */
  readonly mapBytes?: number;
}

/**
 * Bytes that images and label states take when they stay on the device.
 * @param memory the most that may
 * @returns undefined where they are more, or more than one binding of the device may have
 */
export function residentBytes(
  { count, bytesEach, outputs, mapBytes = 0 }: ImageCount,
  traits: AdapterTraits,
  memory = Infinity,
): number | undefined {
  const knownBytes = mapBytes > 0 ? 4 * classWords(outputs) : 0;
  const parts = [bytesEach, outputs, mapBytes, knownBytes].map((each) => count * each);
  const bytes = parts.reduce((sum, each) => sum + each, 0);
  return Math.max(...parts) <= largestBinding(traits) && bytes <= memory ? bytes : undefined;
}

export class TrainingImages {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Undefined where steps are fed. */
  readonly resident: ResidentImages | undefined;
  /** Undefined where nothing is read: what is on the device need not be held here. */
  readonly #reader: ImageReader | undefined;
  /** [N, O] of all images; few bytes, which some steps look at. */
  readonly #states: Uint8Array;
  readonly #outputs: number;

  /**
   * @param memory bytes of images that may be held at a time, on the device or read from disk
   * @throws UsageError when images come from disk and not even two batches of `batch` images fit
   */
  constructor(engine: Engine, sets: readonly ImageSet[], batch: number, memory?: number) {
    const reader = new ImageReader(sets, batch, memory);
    const { height, width, channels, count, outputs } = reader;
    this.height = height;
    this.width = width;
    this.channels = channels;
    const { states, hasMaps, bytesEach } = reader;
    this.#states = states;
    this.#outputs = outputs;
    const all = { count, bytesEach, outputs, mapBytes: hasMaps ? height * width : 0 };
    if (!reader.stored && residentBytes(all, engine.traits, memory) !== undefined) {
      this.resident = {
        pixels: engine.tensorOfChunks(reader.chunks(), [count, height, width, channels]),
        states: engine.tensor(states, [count, outputs], "u8"),
        ...(hasMaps
          ? {
              maps: engine.tensorOfChunks(reader.chunks("maps"), [count, height, width]),
              known: engine.tensor(knownBits(states, outputs), [count, classWords(outputs)], "u32"),
            }
          : {}),
      };
    } else this.#reader = reader;
  }

  /** What each step takes, in order; comes to rest when the caller leaves early. */
  async *steps(orders: Iterable<Uint32Array>): AsyncGenerator<StepImages, void, undefined> {
    if (this.#reader !== undefined) yield* this.#reader.batches(orders);
    else for (const rows of orders) yield { rows };
  }

  /** The label states of what a step takes, u8 [B, O]. */
  statesOf(images: StepImages): Uint8Array {
    if ("pixels" in images) return images.states;
    const outputs = this.#outputs;
    const taken = new Uint8Array(images.rows.length * outputs);
    images.rows.forEach((row, i) => {
      taken.set(this.#states.subarray(row * outputs, (row + 1) * outputs), i * outputs);
    });
    return taken;
  }

  async close(): Promise<void> {
    const { pixels, states, maps, known } = this.resident ?? {};
    for (const each of [pixels, states, maps, known]) each?.dispose();
    await this.#reader?.close();
  }
}
