// The words of one cell: a single one, several with a text between them, or a list as Python or JSON writes it. A list is its own
// small language, in which a word may hold the comma that parts it from the next.
import { isMissing } from "../../labels/wording.ts";

/** In place of a text between two words: cells are lists, such as ['a', 'b']. */
export const listSeparator = "list";

/**
 * The words of a cell, without blanks around them and without empty ones.
 *
 * @param separator the text between two words, or `listSeparator`; undefined where a cell is one word
 * @returns undefined for a cell that should be a list, says something, and is none
 */
export function wordsIn(cell: string, separator: string | undefined): string[] | undefined {
  return splitCell(cell, separator)
    ?.map((word) => word.trim())
    .filter((word) => word !== "");
}

function splitCell(cell: string, separator: string | undefined): string[] | undefined {
  if (separator === undefined) return [cell];
  if (separator !== listSeparator) return cell.split(separator);
  return isMissing(cell) ? [] : parseList(cell);
}

/** Whether a cell, read as words of another kind, is a list of words in quotes, or an empty one. */
export function looksLikeList(cell: string): boolean {
  return /^\[(?:\s*|\s*['"][^]*['"][\s,]*)\]$/u.test(cell);
}

/** What to write instead of a cell that is no list, for messages. */
export const listExample = "['a', 'b']";

const closing: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };

/** A word in quotes of one kind, with escapes; a word without quotes; a comma, beside blanks; in that order. */
const piece = /\s*(?:'((?:[^'\\]|\\[^])*)'|"((?:[^"\\]|\\[^])*)"|([^\s'"[\](){},:][^'"[\](){},:]*)|(,))/uy;

/**
 * The items of a list, in the notations of Python, of JSON, and of NumPy, which leaves out the commas; Python's tuples and sets, too.
 *
 * @returns undefined for anything else, as for a list of lists
 */
function parseList(text: string): string[] | undefined {
  const whole = text.trim();
  const close = closing[whole.charAt(0)];
  if (close === undefined || whole.length < 2 || !whole.endsWith(close)) return undefined;
  const inside = whole.slice(1, -1).trimEnd();
  const items: string[] = [];
  let comma = true; // whether a comma, or the start, stands before the next item
  piece.lastIndex = 0;
  for (let at = 0; at < inside.length; at = piece.lastIndex) {
    piece.lastIndex = at;
    const match = piece.exec(inside);
    if (match === null) return undefined;
    const [, single, double, bare, mark] = match;
    if (mark !== undefined) {
      if (comma) return undefined; // nothing stands before it
      comma = true;
      continue;
    }
    const quoted = single ?? double;
    if (quoted !== undefined) items.push(unescaped(quoted));
    else if (!comma)
      return undefined; // 'a'b
    else items.push(...bareItems(bare));
    comma = false;
  }
  return items;
}

/** NumPy parts numbers by blanks; words without quotes may hold some. */
function bareItems(bare: string): string[] {
  const words = bare.trim().split(/\s+/u);
  return words.every((word) => /^[+-]?\d+\.?\d*$/u.test(word)) ? words : [bare];
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|([^]))/giu,
    (_, byte?: string, unit?: string, letter = "") =>
      byte === undefined && unit === undefined
        ? (escapes[String(letter)] ?? String(letter))
        : String.fromCharCode(Number.parseInt(byte ?? unit ?? "", 16)),
  );
}
