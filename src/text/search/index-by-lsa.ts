// An index whose vectors come from the texts themselves.
import { aFunction, expectOptions, type OptionChecks } from "../../errors/arguments.ts";
import { fitLsa, lsaEncoder, lsaOptions, type LsaOptions } from "../lsa/lsa.ts";
import type { Text } from "../texts/text.ts";
import type { IndexedTexts } from "./stored-index.ts";
import { encodeTexts, indexTexts } from "./text-index.ts";

export interface LsaIndexOptions extends LsaOptions {
  /** Told how many of the texts are encoded. */
  readonly progress?: ((done: number) => void) | undefined;
}

const options: OptionChecks<LsaIndexOptions> = { ...lsaOptions, progress: aFunction };

/**
 * Indexes texts by their words and by LSA, which is fitted to them; queries are encoded by `lsaEncoder(encoder.model)`.
 *
 *     const { index, encoder } = await indexByLsa(texts);
 *     if (encoder?.kind === "lsa") searchTexts(index, query, await lsaEncoder(encoder.model).encode([query]));
 *
 * @param texts with an id each that no other has
 * @returns without an encoder and vectors where no two texts have a word in common, so that there is nothing to fit
 */
export async function indexByLsa(
  texts: readonly Text[],
  lsaIndexOptions: LsaIndexOptions = {},
): Promise<IndexedTexts> {
  expectOptions("indexByLsa", lsaIndexOptions, options);
  const { progress, ...fit } = lsaIndexOptions;
  const index = await indexTexts(texts);
  const model = fitLsa(index.words, fit);
  if (model === undefined) return { index };
  const vectors = await encodeTexts(texts, lsaEncoder(model), progress);
  return { index: { ...index, vectors }, encoder: { kind: "lsa", model } };
}
