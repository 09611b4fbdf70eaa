// Text that goes into pages: everything that comes from data is escaped, in one place.

/** HTML that is ready: what it was made of is escaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | undefined | readonly Content[];

/** A template whose values are escaped, but for those that are markup already; null and undefined are nothing. */
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

/** For content and quoted attributes alike. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (letter) => entities[letter]);
}

/** What a page or a picture may not hold, control characters and halves of letters, becomes the mark for what cannot be shown. */
export function printable(text: string): string {
  return text.replace(/(?![\t\n])[\p{Cc}\p{Cs}\ufffe\uffff]/gu, "\ufffd");
}
