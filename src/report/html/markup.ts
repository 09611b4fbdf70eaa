// HTML text: everything that comes from data is escaped here, in one place.

/** HTML whose data is escaped already. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | undefined | readonly Content[];

/** A template that escapes its values, except those that are markup already; null and undefined become nothing. */
export function fragment(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + textOf(values[i - 1]) + part));
}

function textOf(value: Content): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  return value.map(textOf).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for content and for quoted attributes. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (letter) => entities[letter]);
}

/** Replaces what HTML and SVG may not hold (control characters, lone surrogates) by the replacement character. */
export function printable(text: string): string {
  return text.replace(/(?![\t\n])[\p{Cc}\p{Cs}\ufffe\uffff]/gu, "\ufffd");
}
