// What the room of texts is about: texts and what is asked of them.

import { aList, aRecord, aString, described, expectArgument } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";

/** A text to be found. */
export interface Text {
  /** Tells it apart from all others. */
  readonly id: string;
  /** Empty where it has none. */
  readonly title: string;
  readonly contents: string;
}

/** @throws UsageError for what are no texts, and for an id that two of them have, naming it */
export function expectTexts(what: string, texts: readonly Text[]): void {
  expectArgument(what, "the texts", texts, aList);
  const seen = new Map<string, number>();
  for (const [i, text] of texts.entries()) {
    if (!aRecord.fits(text) || ![text.id, text.title, text.contents].every(aString.fits)) {
      throw new UsageError(
        `${what}: text ${i} must be { id, title, contents } of strings, got ${described(text)}`,
      );
    }
    const before = seen.get(text.id);
    if (before !== undefined)
      throw new UsageError(`${what}: texts ${before} and ${i} both have the id ${JSON.stringify(text.id)}`);
    seen.set(text.id, i);
  }
}

/** What makes vectors of texts, such that similar texts have a large inner product. */
export interface Encoder {
  /** Numbers in a vector. */
  readonly width: number;
  /**
   * @param options `nameOf`: what a text is called in messages, by its number
   * @returns f32 [n, width], row-major; a row of zeros for a text that says nothing
   */
  encode(
    texts: readonly string[],
    options?: { readonly nameOf?: ((text: number) => string) | undefined },
  ): Promise<Float32Array>;
}

/** All that a text says, as it is searched. */
export const wholeText = ({ title, contents }: Text): string =>
  title === "" ? contents : contents === "" ? title : `${title}\n${contents}`;

/** Whether a text has no letter or digit: it is kept, and no search finds it. */
export const saysNothing = ({ title, contents }: Text): boolean =>
  !/[\p{L}\p{N}]/u.test(title) && !/[\p{L}\p{N}]/u.test(contents);
