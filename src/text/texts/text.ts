// What the room of texts is about: texts and what is asked of them.

/** A text to be found. */
export interface Text {
  /** Tells it apart from all others. */
  readonly id: string;
  /** Empty where it has none. */
  readonly title: string;
  readonly contents: string;
}

/** What makes vectors of texts, such that similar texts have a large inner product. */
export interface Encoder {
  /** Numbers in a vector. */
  readonly width: number;
  /** @returns f32 [n, width], row-major; a row of zeros for a text that says nothing */
  encode(texts: readonly string[]): Promise<Float32Array>;
}

/** All that a text says, as it is searched. */
export const wholeText = ({ title, contents }: Text): string =>
  title === "" ? contents : contents === "" ? title : `${title}\n${contents}`;

/** Whether a text has no letter or digit: it is kept, and no search finds it. */
export const saysNothing = ({ title, contents }: Text): boolean =>
  !/[\p{L}\p{N}]/u.test(title) && !/[\p{L}\p{N}]/u.test(contents);
