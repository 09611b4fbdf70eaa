// Tables in Markdown as GitHub renders it, aligned so that they can be read as plain text as well.

/** A column's heading, and where its cells stand. */
export interface MarkdownColumn {
  readonly name: string;
  readonly align: "left" | "right";
}

/**
 * Text that Markdown shows as it is, on one line: class names may hold what it takes for a table, code, emphasis, HTML, a
 * formula or a link.
 */
export function markdownText(text: string): string {
  return text
    .replace(/\s*[\r\n]+\s*/gu, " ")
    .replace(
      /[\\|`*~$]|<(?=[\p{L}/!?])|&(?=[#\p{L}])|\](?=[([:])|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
      "\\$&",
    );
}

/** @param rows texts as they are: they are escaped here. @returns lines, each ended */
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

/** In characters as people count them, so that an accent or a surrogate pair does not shift a column. */
function lengthOf(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
