// Writes a manifest to begin with: what a table shows, decided as well as cells can tell, with a comment wherever a person should look.
import { inManifest } from "../../labels/wording.ts";
import type { TableForm } from "../../files/table-forms.ts";
import { fewestHeldOut } from "../judging/judge-tables.ts";
import { defaultMaker } from "../preparation/makers.ts";
import type { ColumnDescription, TableDescription } from "../findings/describe-table.ts";
import type { Finding } from "../findings/finding.ts";

/** A word as a key or an item of YAML. */
const word = (text: string): string =>
  /^[\w.-]+$/u.test(text) && /^\p{L}/u.test(text) ? inManifest(text) : JSON.stringify(text);
const list = (words: readonly string[]): string => `[${words.map(word).join(", ")}]`;

/**
 * @param paths the files as the manifest names them, below the data root
 * @returns YAML that can be synthesised from as it stands
 */
export function draftPlan(
  description: TableDescription,
  paths: readonly string[],
  form: TableForm = {},
): string {
  const { columns, findings, rows } = description;
  const delimiters: Readonly<Record<string, string>> = { ";": '";"', "\t": "tab", " ": "blank" };
  const { delimiter = ",", header = form.names === undefined } = form;
  const lines = [
    `# A manifest to begin with, of ${rows.toLocaleString("en")} rows. What was decided from the cells alone has a comment: look at it.`,
    `table: ${paths.length === 1 ? JSON.stringify(paths[0]) : `[${paths.map((each) => JSON.stringify(each)).join(", ")}]`}`,
    ...(delimiter === "," ? [] : [`delimiter: ${delimiters[delimiter]}`]),
    ...(header ? [] : ["header: none"]),
    ...(form.names === undefined ? [] : [`names: ${list(form.names)}`]),
    "",
    "columns:",
    ...columns.flatMap((column) => columnLines(column, findings)),
    ...constraintLines(findings),
    "",
    ...findings
      .filter(({ topic }) => topic === "count")
      .map(({ columns: [name], sentence }) => `# count: ${word(name)} # ${sentence}`),
    "rare: {below: 10, to: other} # categories of fewer rows are merged",
    "model: copula # or network: takes minutes, and is truer to what several columns have to do with each other",
    `holdout: ${shareFor(rows)} # the share of the rows that nothing is learned from, to judge by; or a file with the same columns`,
    "seed: 1",
  ];
  return `${lines.join("\n")}\n`;
}

/** A fifth of the rows, or as many twentieths as are enough to judge by, and at most half. */
const shareFor = (rows: number): number =>
  Math.min(10, Math.max(4, Math.ceil((20 * fewestHeldOut) / rows))) / 20;

function columnLines(column: ColumnDescription, findings: readonly Finding[]): string[] {
  const { name, form, isCertain, list: mark, shape } = column;
  const own = findings.filter(
    ({ columns, topic }) => columns.length === 1 && columns[0] === name && topic !== "count",
  );
  // A manifest is kept in the folder of its run.
  const notes = own.map(
    ({ sentence, advice, withoutValues = `${sentence}: ${advice}` }) => `  # ${withoutValues}`,
  );
  const fields = [`kind: ${form.kind}`];
  if (form.kind === "date" && form.dates !== undefined) {
    // A day that might be a month is read as most of the world writes it, where a person sees it.
    fields.push(`dates: ${isCertain ? form.dates.order : "day-first"}`);
  }
  if (form.kind === "identifier") fields.push(`make: ${made(column, shape)}`);
  if (mark !== undefined && form.kind === "category") fields.push(`list: "${mark}"`);
  const entry = fields.length === 1 ? form.kind : `{${fields.join(", ")}}`;
  return [...notes, `  ${word(name)}: ${entry}`];
}

function made(column: ColumnDescription, shape: string | undefined): string {
  const maker = defaultMaker(column.name);
  return maker === "number" && shape !== undefined && !/^#{1,6}$/u.test(shape)
    ? `{pattern: ${JSON.stringify(shape)}}`
    : maker;
}

function constraintLines(findings: readonly Finding[]): string[] {
  const lines = findings.flatMap(({ topic, columns, sentence }) => {
    if (topic === "computed")
      return [`  - {computed: ${word(columns[1])}, from: [${word(columns[0])}]} # ${sentence}`];
    if (topic === "together") return [`  - together: ${list(columns)} # ${sentence}`];
    if (topic === "order") return [`  - order: ${list(columns)} # ${sentence}`];
    return [];
  });
  return lines.length === 0 ? [] : ["", "constraints:", ...lines];
}
