// Vectors of many texts, a batch of similar lengths at a time.

import { NonFiniteError } from "../../errors/training-errors.ts";
import type { HostArray } from "../../tensor/host.ts";
import { lengthBuckets } from "./length-buckets.ts";
import type { TokenEncoder } from "./token-encoder.ts";
import { lengthOf, paddedTexts, type TokenLists } from "./token-lists.ts";

export interface EncodingOptions {
  /** Texts of a batch. Default 64. */
  readonly batch?: number | undefined;
  /** Ends the work before the next batch. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch, of texts. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** What a text is called in messages, by its number. Default: "text 0" and so on. */
  readonly nameOf?: ((text: number) => string) | undefined;
}

/**
 * @returns [count * width], in the order of the texts; zeros for one without tokens
 * @throws NonFiniteError naming the first text whose vector is no finite numbers; the signal's reason when it ended the work
 */
export async function encodeTokens(
  encoder: TokenEncoder,
  lists: TokenLists,
  { batch = 64, signal, progress, nameOf = (text) => `text ${text}` }: EncodingOptions = {},
): Promise<Float32Array<ArrayBuffer>> {
  const { engine, width, padding } = encoder;
  const { count } = lists;
  const vectors = new Float32Array(count * width);
  const lengths = Uint32Array.from({ length: count }, (_, text) => lengthOf(lists, text));
  let done = 0;
  /** The batch that is computed while the next is queued. */
  let pending: { readonly texts: Uint32Array; readonly values: Promise<HostArray> } | undefined;
  const land = async (): Promise<void> => {
    if (pending === undefined) return;
    const { texts, values } = pending;
    pending = undefined;
    const found = await values;
    texts.forEach((text, row) => {
      const vector = found.subarray(row * width, (row + 1) * width);
      if (!vector.every(Number.isFinite)) {
        throw new NonFiniteError(
          `${nameOf(text)}: its vector holds numbers that are not finite: the encoder's weights have diverged, or are none`,
        );
      }
      vectors.set(vector, text * width);
    });
    done += texts.length;
    progress?.(done, count);
  };
  try {
    for (const { length, texts: members } of lengthBuckets(lengths, encoder.mostTokens)) {
      for (let first = 0; first < members.length; first += batch) {
        signal?.throwIfAborted();
        const texts = members.subarray(first, first + batch);
        const { tokens, mask } = paddedTexts(lists, texts, length, padding);
        const shape = [texts.length, length];
        using encoded = engine.scope(() =>
          encoder.forward(engine.tensor(tokens, shape, "u32"), "inference", {
            mask: engine.tensor(mask, shape),
          }),
        );
        const values = encoded.read();
        // With the device both reads are lost, and that of the batch before says so.
        values.catch(() => undefined);
        await land();
        pending = { texts, values };
      }
    }
    await land();
  } finally {
    await pending?.values.catch(() => undefined);
  }
  return vectors;
}
