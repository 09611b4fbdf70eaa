// Tables in GitHub's Markdown, aligned so that they read well as plain text, too.

import { plainText } from "../errors/plain-text.ts";

/** A column's heading and alignment. */
export interface MarkdownColumn {
  readonly name: string;
  readonly align: "left" | "right";
}

/**
 * Escapes text so that Markdown shows it as it is, on one line: class names may look like tables, code, emphasis, HTML,
 * formulas or links. Whatever reads it sees no tag, also where it takes no backslash for an escape.
 */
export function markdownText(text: string): string {
  return plainText(text.replace(/\s*[\r\n]+\s*/gu, " "))
    .replace(/[\\|`*~$]|&(?=[#\p{L}])|\](?=[([:])|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\$&")
    .replace(/<(?=[\p{L}/!?])/gu, "&lt;");
}

/** @param rows plain texts, which are escaped here. @returns lines, each with a line feed */
export function markdownTable(
  columns: readonly MarkdownColumn[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map(({ name }) => name), ...rows].map((row) => row.map(markdownText));
  // A rule needs three dashes.
  const widths = columns.map((_, at) => Math.max(3, ...lines.map((line) => lengthOf(line[at]))));
  const pad = (text: string, at: number): string => {
    const space = " ".repeat(widths[at] - lengthOf(text));
    return columns[at].align === "left" ? text + space : space + text;
  };
  const rule = columns.map(({ align }, at) =>
    align === "left" ? "-".repeat(widths[at]) : `${"-".repeat(widths[at] - 1)}:`,
  );
  const [head, ...body] = lines.map((line) => line.map(pad));
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** The length in characters as people count them: an accent or a surrogate pair does not shift a column. */
function lengthOf(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
