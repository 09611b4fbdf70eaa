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

/** Zero-width letters, joiners, direction marks, soft hyphens, variation selectors and byte order marks: nobody sees them. */
const invisible = /[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]/gu;

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

/** Whether two names, words or numbers are one. */
export const sameWord = (a: string, b: string): boolean => canonicalWord(a) === canonicalWord(b);

/** Finds a word among names, in whatever spelling of it: its place, -1 where it is not there, the first where it is twice. */
export function placeOf(names: readonly string[]): (word: string) => number {
  const places = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    const word = canonicalWord(name);
    if (!places.has(word)) places.set(word, at);
  }
  return (word) => places.get(canonicalWord(word)) ?? -1;
}

/**
 * What is left of a name when all is taken away that a person may not notice: capitals, accents, kinds of dashes and blanks, zeros
 * in front of a number, letters of another alphabet that look alike. Names with equal outlines that are not equal themselves are
 * near matches: nobody may take one for the other in silence, nor for something else. A name of one letter keeps its capital, which
 * is all that it has ("a" and "A" of handwritten letters); a sign, and what parts two numbers, stay ("-1", "1.10" and "11.0").
 */
export function outline(text: string): string {
  const name = canonicalName(text).normalize("NFKC");
  const number = /^([+\-\u2212]?)0*(\d+)(?:[.,](\d*?)0*)?$/u.exec(name);
  if (number !== null) {
    const [, sign, whole, rest = ""] = number;
    return `${sign === "" || sign === "+" ? "" : "-"}${whole}${rest === "" ? "" : `.${rest}`}`;
  }
  const plain = Array.from(
    name.normalize("NFD").replace(/[\u0300-\u036f]/gu, ""),
    (letter) => lookalikes.get(letter) ?? letter,
  );
  const letters = plain.length === 1 ? plain[0] : plain.join("").normalize("NFC").toLowerCase();
  return letters
    .replace(
      /[\s_\-\u2010-\u2015\u2212.,;:'"`\u00b4\u2018\u2019\u201c\u201d]+/gu,
      (_, at: number, all: string) =>
        /\d$/u.test(all.slice(0, at)) && /^[^\p{L}\p{N}]+\d/u.test(all.slice(at)) ? "_" : "",
    )
    .replace(/(?<!\d)0+(?=\d)/gu, "");
}

/** Cyrillic and Greek letters that look like Latin ones, capitals and small letters. */
const lookalikes: ReadonlyMap<string, string> = new Map(
  (
    [
      ["АВЕКМНОРСТУХЅІЈԁ", "ABEKMHOPCTYXSIJd"],
      ["авеһіјкмнорсѕтух", "abehijkmhopcstyx"],
      ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"],
      ["αβειкκνορτυχ", "abeikkvoptux"],
      ["ı", "i"],
    ] as const
  ).flatMap(([theirs, ours]) => Array.from(theirs, (letter, at) => [letter, ours[at]] as const)),
);

/** Finds the candidate that a name is nearly, with another spelling than its own; undefined where none is. */
export function nearMatches(candidates: readonly string[]): (name: string) => string | undefined {
  const byOutline = new Map<string, string[]>();
  for (const candidate of candidates) {
    const key = outline(candidate);
    byOutline.set(key, [...(byOutline.get(key) ?? []), candidate]);
  }
  return (name) => {
    const key = outline(name);
    if (key === "") return undefined;
    return byOutline.get(key)?.find((candidate) => !sameWord(candidate, name));
  };
}

/** The candidate that a name is nearly: `nearMatches` for one name. */
export const nearMatch = (name: string, candidates: readonly string[]): string | undefined =>
  nearMatches(candidates)(name);

/**
 * A name in quotes whose letters can be told apart: those that nobody sees or that look like others stand as numbers, "\u041cass".
 */
export function visible(name: string): string {
  return Array.from(JSON.stringify(name), (letter) => {
    const isPlain = /^[\x20-\x7e]$/u.test(letter);
    const isOdd = lookalikes.has(letter) || letter.normalize("NFKC") !== letter;
    if (isPlain || !(isOdd || /^[\p{M}\p{C}\p{Z}\p{P}]$/u.test(letter))) return letter;
    return Array.from({ length: letter.length }, (_, at) => {
      return `\\u${letter.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }).join("");
  }).join("");
}

/** A word as it may stand in a list or a key of a manifest: in quotes where YAML would read it as something else. */
export function inManifest(word: string): string {
  const isPlain = /^\p{L}(?:[\p{L}\p{N} _/-]*[\p{L}\p{N}])?$/u.test(word) && visible(word) === `"${word}"`;
  return isPlain && !/^(?:y|n|yes|no|true|false|on|off|null|nan|inf)$/iu.test(word) ? word : visible(word);
}

/** Each note once, with the classes that it is of; of all classes, alone. */
export function notesOfClasses(
  classes: readonly string[],
  noteOf: (name: string) => string | null | undefined,
): string[] {
  const found = new Map<string, string[]>();
  for (const name of classes) {
    const note = noteOf(name);
    if (note != null) found.set(note, [...(found.get(note) ?? []), name]);
  }
  return [...found].map(([note, names]) =>
    names.length === classes.length ? note : `${names.join(", ")}: ${note}`,
  );
}
