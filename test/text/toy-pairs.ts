// Pairs of a toy language: the words of a query never stand in its document, so that what belongs together must be learned.

import type { TextPair } from "../../src/text/encoder/encoder-task.ts";
import type { Tokeniser } from "../../src/text/encoder/token-lists.ts";

const colours = ["red", "green", "blue", "grey", "pink", "teal", "gold", "lime"];
const things = ["cat", "dog", "car", "sun", "hat", "cup", "bus", "key"];
const shades: readonly string[] = colours.map((_, i) => `shade${i}`);
const objects: readonly string[] = things.map((_, i) => `object${i}`);
const words = ["[PAD]", ...colours, ...things, ...shades, ...objects, "the", "of", "and", "is"];

/** 64 pairs: "red cat", and "the object0 and the shade0 is" in some length. */
export const toyPairs: readonly TextPair[] = colours.flatMap((colour, c) =>
  things.map((thing, t) => ({
    query: (c + t) % 2 === 0 ? `${colour} ${thing}` : `${thing} of ${colour}`,
    document: [`the ${objects[t]} and the ${shades[c]}`, ...Array<string>((3 * t + c) % 20).fill("is")].join(
      " ",
    ),
  })),
);

/** Words by their places in the list; a word that is not in it has no token. */
export const toyTokeniser: Tokeniser = {
  vocabulary: words.length,
  padding: 0,
  encode: (text, most) =>
    text
      .split(" ")
      .map((word) => words.indexOf(word))
      .filter((token) => token >= 0)
      .slice(0, most),
};
