// The passage of a text that a reader of results wants to see: where the words of the query stand together.
import { aString, expectArgument, wholeFrom } from "../../errors/arguments.ts";
import { lettersOfPair, wordsOf, type Word } from "./words.ts";

export interface Passage {
  /** Lines joined, with an ellipsis where the text goes on. */
  readonly text: string;
  /** Places in it of words that matched, first and one behind the last letter. */
  readonly matches: readonly (readonly [start: number, end: number])[];
}

const ellipsis = "…";

/**
 * The stretch of a text with the rarest words of the query in it, and among equals the first.
 *
 * @param weights of the stems of the query, as `queryWeights` gives them; stems of less than a third of the largest are not looked for
 * @param most letters of it, about
 */
export function passageOf(text: string, weights: ReadonlyMap<string, number>, most = 240): Passage {
  expectArgument("passageOf", "the text", text, aString);
  expectArgument("passageOf", "the weights", weights, {
    words: "weights by stems, as queryWeights gives them",
    fits: (value) => value instanceof Map,
  });
  expectArgument("passageOf", "the letters", most, wholeFrom(1));
  return passageBy(text, tellingWeights(weights), most);
}

/**
 * Words as common as "of" are in every passage, and marked they would hide those that tell; and so are single letters of a script
 * without blanks whose pairs are looked for, too.
 */
function tellingWeights(weights: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const most = [...weights.values()].reduce((high, weight) => Math.max(high, weight), 0);
  const letters = new Set([...weights.keys()].flatMap(lettersOfPair));
  return new Map([...weights].filter(([stem, weight]) => weight >= most / 3 && !letters.has(stem)));
}

function passageBy(text: string, weights: ReadonlyMap<string, number>, most: number): Passage {
  const flat = text.replace(/\s+/gu, " ").trim();
  const words = wordsOf(flat);
  const counts = new Map<string, number>();
  let weight = 0;
  let best = 0;
  let range: readonly [number, number] = [0, 0];
  for (let first = 0, behind = 0; first < words.length; first++) {
    while (behind < words.length && words[behind].end - words[first].start <= most) {
      const { stem } = words[behind++];
      const count = counts.get(stem) ?? 0;
      counts.set(stem, count + 1);
      if (count === 0) weight += weights.get(stem) ?? 0;
    }
    if (weight > best + 1e-9) [best, range] = [weight, [first, behind]];
    if (behind === first) {
      behind++; // a word longer than the whole passage
      continue;
    }
    const { stem } = words[first];
    const count = counts.get(stem) ?? 0;
    counts.set(stem, count - 1);
    if (count === 1) weight -= weights.get(stem) ?? 0;
  }
  const { begin, reach } = best === 0 ? { begin: 0, reach: 0 } : centred(flat, words, range, weights, most);
  const cut = flat.length - begin <= most ? flat.length : flat.lastIndexOf(" ", begin + most);
  const end = cut > begin ? Math.max(cut, reach) : begin + most;
  const before = begin > 0 ? `${ellipsis} ` : "";
  const after = end < flat.length ? ` ${ellipsis}` : "";
  const shift = before.length - begin;
  const matches: [number, number][] = [];
  for (const { stem, start, end: last } of words) {
    if ((weights.get(stem) ?? 0) <= 0 || start < begin || last > end) continue;
    const former = matches.at(-1);
    // Letters of a script without blanks and pairs of them are words that overlap.
    if (former !== undefined && start + shift <= former[1]) former[1] = Math.max(former[1], last + shift);
    else matches.push([start + shift, last + shift]);
  }
  return { text: `${before}${flat.slice(begin, end).trimEnd()}${after}`, matches };
}

/** Where a passage begins, so that what matched stands in its middle, and what it has to reach. */
function centred(
  flat: string,
  words: readonly Word[],
  [first, behind]: readonly [number, number],
  weights: ReadonlyMap<string, number>,
  most: number,
): { readonly begin: number; readonly reach: number } {
  const matched = words.slice(first, behind).filter(({ stem }) => (weights.get(stem) ?? 0) > 0);
  const [from, reach] = [matched[0].start, matched[matched.length - 1].end];
  const wanted = Math.min(from - (most - (reach - from)) / 2, flat.length - most);
  return { begin: words.find(({ start }) => start >= wanted && start <= from)?.start ?? from, reach };
}
