// Reads a manifest of a table that is to be synthesised: from YAML text to a checked plan. Every complaint has its file, line and field.
import { z } from "zod";
import {
  complaint,
  explain,
  fieldName,
  lineOf,
  type Fail,
  type FieldPath,
} from "../../data/manifest/complaints.ts";
import { record } from "../../data/manifest/fields.ts";
import { readManifestText } from "../../data/manifest/manifest.ts";
import { readYaml, settleNumbers } from "../../data/manifest/yaml-text.ts";
import { ManifestError } from "../../errors/data-errors.ts";
import { planFields, type PlanContent } from "./plan-schema.ts";

export interface TablePlan extends PlanContent {
  /** Where it came from, for messages. */
  readonly file: string;
  /** All of it. */
  readonly text: string;
  /** A complaint about a field, with its line: for what is known to be wrong only once the table is read. */
  readonly complain: (path: FieldPath, reason: string, cause?: unknown) => ManifestError;
}

/** @throws ManifestError naming file, line and field */
export async function readTablePlan(file: string): Promise<TablePlan> {
  return parseTablePlan(await readManifestText(file), file);
}

/** The same from text. @param file the name that messages carry */
export function parseTablePlan(text: string, file: string): TablePlan {
  const { document, lines, tree } = readYaml(text, file);
  const complain = (path: FieldPath, reason: string, cause?: unknown): ManifestError => {
    const line = lineOf(document, lines, path);
    return new ManifestError(file, fieldName(path), reason, {
      ...(line === undefined ? {} : { line }),
      cause,
    });
  };
  if (tree === null || tree === undefined) throw new ManifestError(file, "", "is empty");
  const schema = record(planFields);
  let result = schema.safeParse(tree, { error: explain });
  while (!result.success && result.error.issues.map(({ path }) => settleNumbers(tree, path)).includes(true)) {
    result = schema.safeParse(tree, { error: explain });
  }
  if (!result.success) {
    const found = result.error.issues.map((issue) => {
      const { path, reason } = complaint(deepest(issue));
      return {
        path,
        reason,
        rank: issue.code === "unrecognized_keys" ? 0 : (complain(path, reason).line ?? 1),
      };
    });
    found.sort((a, b) => a.rank - b.rank);
    throw complain(found[0].path, found[0].reason);
  }
  const plan = { ...result.data, file, text, complain };
  checkPlan(plan, (path, reason) => {
    throw complain(path, reason);
  });
  return plan;
}

/** Of a field that may be of several kinds, what is wrong with it as the kind that got furthest. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().find(({ path, code }) => path.length > 0 || code === "unrecognized_keys");
  return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] };
}

/** What can be said against its fields together. */
function checkPlan(
  { header, names, columns, constraints, count, leave, model, network }: TablePlan,
  fail: Fail,
): void {
  if (names !== undefined && header === undefined) {
    fail(["names"], "are of a table without a header: add header: none, or leave them out");
  }
  if (model === "copula" && Object.values(network).some((each) => each !== undefined)) {
    fail(["network"], "is of model: network, and the model is copula; leave one of them out");
  }
  for (const [name, entry] of Object.entries(columns)) {
    const { kind } = entry;
    const only = (field: keyof typeof entry, isIts: boolean, whose: string): void => {
      if (entry[field] !== undefined && kind !== undefined && !isIts)
        fail(["columns", name, field], `is of ${whose}, and the kind is ${kind}`);
    };
    const isNumber = kind === "number" || kind === "integer";
    only("decimal", isNumber, "numbers");
    only("thousands", isNumber, "numbers");
    only("dates", kind === "date", "dates");
    only("make", kind === "identifier", "identifiers");
    only("list", kind === "category", "categories");
    only("rare", kind === "category", "categories");
    if (entry.make !== undefined && kind === undefined)
      fail(["columns", name, "make"], "is of identifiers: add kind: identifier");
    if (entry.decimal !== undefined && entry.decimal === entry.thousands)
      fail(["columns", name, "thousands"], "is the mark of decimals, too");
    if (kind !== "category" && entry.missing === "category")
      fail(["columns", name, "missing"], "can be category for kind: category only");
  }
  const computed = new Set<string>();
  for (const [at, each] of constraints.entries()) {
    if (each.kind !== "computed") continue;
    const path = ["constraints", at, "computed"];
    if (each.from.includes(each.computed)) fail(path, "cannot be computed from itself");
    if (computed.has(each.computed)) fail(path, "is computed twice");
    computed.add(each.computed);
  }
  for (const [at, each] of constraints.entries()) {
    if (each.kind !== "computed") continue;
    const chained = each.from.find((name) => computed.has(name));
    if (chained !== undefined)
      fail(
        ["constraints", at, "from"],
        `names ${JSON.stringify(chained)}, which is computed itself: name what it is computed from`,
      );
  }
  if (count !== undefined && leave.includes(count)) fail(["count"], "is a column that leave names");
}
