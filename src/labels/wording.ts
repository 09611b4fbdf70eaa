// When two names, words or numbers mean the same: the one rule for every place where what a manifest says meets what a table, a
// folder or a file name says.

/**
 * A name as it is compared: composed Unicode (NFC), no invisible letters, one plain blank for each run of white space and none at
 * the ends. Two spellings of one form are one name; nothing that a person can see is changed.
 */
export function canonicalName(text: string): string {
  if (/^[!-~]*$/u.test(text)) return text; // nothing to do for most cells, and tables have millions
  return text.normalize("NFC").replace(invisible, "").replace(/\s+/gu, " ").trim();
}

/** Zero-width letters, joiners, direction marks, soft hyphens and byte order marks: nobody sees them. */
const invisible = /[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/gu;

/**
 * A word of a cell as it is compared: a number in plain decimals by its value ("1.0" is "1", "-0" is "0"), all else as a name.
 * Digits with zeros in front ("007", "01") are names and not numbers, as are numbers in powers of ten ("1e3").
 */
export function canonicalWord(text: string): string {
  const name = canonicalName(text);
  if (!/^[+-]?(?:0|[1-9]\d{0,14})(?:\.\d{0,15})?$/u.test(name)) return name;
  const value = Number(name);
  return String(value === 0 ? 0 : value);
}

/** Whether a cell says nothing: the words for "missing" that tables have, in any capitals. */
export function isMissing(cell: string): boolean {
  return missing.has(canonicalName(cell).toLowerCase());
}

/** What programs and people write into a cell that has no value. */
export const missingWords = [
  ...["", "nan", "na", "n/a", "#n/a", "<na>", "nat", "none", "null", "nil"],
  ...["todo", "tbd", "?", "??", "-", "--", "."],
] as const;
const missing: ReadonlySet<string> = new Set(missingWords);

/**
 * What is left of a name when all is taken away that a person may not notice: capitals, accents put down in another way, kinds of
 * dashes and blanks, zeros in front of a number, letters of another alphabet that look alike. Names with equal outlines that are not
 * equal themselves are near matches: nobody may take one for the other in silence, nor for something else.
 */
export function outline(text: string): string {
  const plain = canonicalName(text)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_\-\u2010-\u2015\u2212.,;:'"`\u2018\u2019\u201c\u201d]+/gu, "")
    .replace(/(?<!\d)0+(?=\d)/gu, "");
  return Array.from(plain, (letter) => lookalikes.get(letter) ?? letter).join("");
}

/** Cyrillic and Greek letters that look like Latin ones, in small letters. */
const lookalikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{
      а: "a",
      в: "b",
      с: "c",
      е: "e",
      һ: "h",
      і: "i",
      ј: "j",
      к: "k",
      м: "m",
      о: "o",
      р: "p",
      ѕ: "s",
      т: "t",
      у: "y",
      х: "x",
    },
    ...{ α: "a", β: "b", ε: "e", ι: "i", κ: "k", ν: "v", ο: "o", ρ: "p", τ: "t", υ: "y", χ: "x" },
  }),
);

/** The candidate that a name is nearly, with another spelling than its own; undefined where none is. */
export function nearMatch(name: string, candidates: readonly string[]): string | undefined {
  const wanted = outline(name);
  if (wanted === "") return undefined;
  return candidates.find(
    (candidate) => canonicalWord(candidate) !== canonicalWord(name) && outline(candidate) === wanted,
  );
}
