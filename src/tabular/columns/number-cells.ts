// Numbers as tables write them, to numbers and back. A comma may part decimals or thousands, and a wrong guess is wrong by a factor
// of a thousand: which it is, is told and not guessed.

export const thousandsMarks = [",", ".", " ", "'"] as const;

export interface NumberForm {
  /** Between the whole part and the decimals; default: a point. */
  readonly decimal?: "." | ",";
  /** Between thousands; default: none. */
  readonly thousands?: (typeof thousandsMarks)[number];
}

/**
 * The number that a cell writes in a form: digits, a sign, decimals, a power of ten. Undefined for anything else: for digits with
 * a zero in front ("007" is a name), for thousands that are not three digits each, and for what no double holds.
 */
export function readNumber(cell: string, { decimal = ".", thousands }: NumberForm = {}): number | undefined {
  let text = cell.replace(/^\u2212/u, "-");
  if (thousands !== undefined) {
    // A blank in front of thousands may be one that does not break.
    const spaced = thousands === " " ? text.replace(/[\u00a0\u2009\u202f]/gu, " ") : text;
    const groups = /^([+-]?\d{1,3})((?:[,. '’]\d{3})*)(\D.*)?$/u.exec(spaced);
    if (groups !== null) {
      const [, first, middle, rest = ""] = groups;
      const marks = Array.from(middle.replace(/\d/gu, "").replaceAll("’", "'"));
      if (marks.every((mark) => mark === thousands)) text = `${first}${middle.replace(/\D/gu, "")}${rest}`;
    }
  }
  if (decimal === ",") {
    if (text.includes(".")) return undefined;
    text = text.replace(",", ".");
  }
  if (!/^[+-]?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?$/u.test(text) || !/^[+-]?\.?\d/u.test(text))
    return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? (value === 0 ? 0 : value) : undefined;
}

/** How many decimals a cell writes; of a power of ten as many as its value has. */
export function decimalsOf(cell: string, { decimal = "." }: NumberForm = {}): number {
  const at = cell.indexOf(decimal);
  if (/[eE]/u.test(cell))
    return /\.(\d+)$/u.exec(String(readNumber(cell, { decimal }) ?? 0))?.[1].length ?? 0;
  return at < 0 ? 0 : cell.length - at - 1;
}

/**
 * A number in a form.
 * @param decimals how many at most
 * @param isPadded whether zeros at their end stay, as in 70.0
 */
export function writeNumber(
  value: number,
  decimals: number,
  { decimal = ".", thousands }: NumberForm = {},
  isPadded = false,
): string {
  const rounded = value.toFixed(Math.min(decimals, 100));
  // From 1e21 on there is no other way to write a number; its digits are none of decimals.
  if (rounded.includes("e")) return rounded.replace(".", decimal);
  const [whole, rest = ""] = rounded.split(".");
  const grouped = thousands === undefined ? whole : whole.replace(/\B(?=(?:\d{3})+$)/gu, thousands);
  const kept = isPadded ? rest : rest.replace(/0+$/u, "");
  const text = kept === "" ? grouped : `${grouped}${decimal}${kept}`;
  return /^-[0.,]*$/u.test(text) ? text.slice(1) : text;
}
