// Hugging Face's tokenizers with their types: the library's own declarations name their files without endings, which TypeScript does
// not find for an ES module, so that all of it would be `any`. Can go once they do (0.2.0 does not).
import * as library from "@huggingface/tokenizers";

export interface LibraryTokenizer {
  readonly normalizer: { normalize(text: string): string } | null;
  readonly pre_tokenizer: { pre_tokenize(text: string): string[] } | null;
  /** Numbers are undefined for what is unknown, where there is no piece for the unknown. */
  encode(
    text: string,
    options?: { readonly add_special_tokens?: boolean },
  ): { readonly ids: readonly (number | undefined)[] };
  token_to_id(token: string): number | undefined;
  get_vocab(withAdded?: boolean): Map<string, number>;
}

/** @throws Error for what is no tokenizer.json */
export const { Tokenizer } = library as unknown as {
  readonly Tokenizer: new (file: object, configuration: object) => LibraryTokenizer;
};
