// From the tables that a plan names to all that fitting, drawing and judging take: rows to learn from, rows held out, codes, constraints.
import { counted } from "../../errors/counted.ts";
import { fewestHeldOut } from "../judging/judge-tables.ts";
import { permutation } from "../../data/assembly/order.ts";
import type { FieldPath } from "../../data/manifest/complaints.ts";
import { randomStream } from "../../data/random-stream.ts";
import { UsageError } from "../../errors/errors.ts";
import { brief, type Table } from "../../files/csv.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { fewestRows, fitCodes } from "../codes/fit-codes.ts";
import type { CodedTable } from "../coded-table.ts";
import { brokenConstraints } from "../constraints/broken-rows.ts";
import { constraintShown, type Constraint } from "../constraints/constraint.ts";
import { contradictionAmong } from "../constraints/contradictions.ts";
import { checkComputed } from "../preparation/computed-columns.ts";
import { constraintsOf, type PlannedConstraint } from "../preparation/plan-constraints.ts";
import { prepareTable, rareOf, splitLists, wordLists } from "../preparation/prepare-table.ts";
import { numberShownBy } from "../columns/number-shown.ts";
import { readColumns } from "../preparation/read-columns.ts";
import type { TableRecipe } from "../preparation/table-recipe.ts";
import { rowsOfTexts, typedTexts, type TextTable } from "../preparation/text-table.ts";
import type { TablePlan } from "./table-plan.ts";

export interface FittedPlan {
  /** Rows that are learned from, in codes. */
  readonly coded: CodedTable;
  readonly constraints: readonly Constraint[];
  readonly recipe: TableRecipe;
  /** Rows that are learned from and rows that are not, in the columns that measures look at. */
  readonly real: TypedTable;
  readonly holdout: TypedTable;
  /** Rows held out that are equal to one that is learned from, in all columns but identifiers. */
  readonly overlap: number;
  /** Constraints that a few real rows break, each in one line; rows that are made keep them. */
  readonly broken: readonly string[];
  /** Columns of which nothing is learned since each of their categories is rare, each in one line. */
  readonly hollow: readonly string[];
}

/** A constraint that more rows break, of a hundred, is a misunderstanding; that fewer do, an error in the table. */
const mostBroken = 0.01;

/** A category for each ten rows is no category any more, and a model of so many is mostly this column. */
const mostCodes = 5000;

/**
 * @param heldOut the tables of `holdout`, where it names some
 * @throws DataError, ManifestError, UsageError for tables that are not as the plan says, constraints that rows break or that contradict
 *   each other, and too few rows
 */
export function fitPlan(
  plan: TablePlan,
  tables: readonly Table[],
  heldOut: readonly Table[] | undefined,
): FittedPlan {
  const whole = readColumns(tables, plan);
  for (const at of plan.constraints.keys()) checkComputed(whole, at, plan);
  const { learning, holding } = parted(whole, plan, heldOut);
  if (learning.rows < fewestRows) {
    const part = learning.rows < whole.rows ? `, of which ${learning.rows} are learned from` : "";
    throw plan.complain(
      ["table"],
      `has ${counted(whole.rows, "row")}${part}: too few to learn from and to keep private; ${fewestRows} are needed`,
    );
  }
  if (holding.rows < fewestHeldOut) {
    throw plan.complain(
      ["holdout"],
      `leaves ${counted(holding.rows, "row")} to judge by, and ${fewestHeldOut} are needed; ` +
        (heldOut === undefined ? "say a larger share, or name a file" : "name a larger file, or a share"),
    );
  }
  const lists = wordLists(learning, plan);
  const all = splitLists(whole, lists);
  const planned = constraintsOf(plan, all.columns);
  const constraints = planned.map(({ constraint }) => constraint);
  const broken = brokenLines(all, planned, plan);
  const { learned, recipe } = prepareTable(learning, plan, lists);
  const rare = (column: string) => rareOf(plan, column);
  const coded = namingThePlan(plan, ["table"], () => fitCodes(learned, { rare, seed: plan.seed }));
  const broad = coded.columns.find(({ codes }) => codes.length > mostCodes);
  if (broad !== undefined) {
    throw plan.complain(
      ["columns", broad.name],
      `has ${counted(broad.codes.length, "category", "categories")} of ten rows and more, and at most ${mostCodes} can be learned; say a larger rare: {below: ...}, or kind: identifier`,
    );
  }
  const contradiction = contradictionAmong(constraints, coded.columns, numberShownBy(recipe));
  if (contradiction !== undefined)
    throw plan.complain(["constraints"], contradiction.replace(/^the constraints? /u, ""));
  const real = typedTexts(splitLists(learning, lists));
  const holdout = typedTexts(splitLists(holding, lists));
  return {
    coded,
    constraints,
    recipe,
    real,
    holdout,
    overlap: equalAmong(real, holdout),
    broken,
    hollow: hollowLines(coded, learned, plan),
  };
}

/** Columns of many values that came out as one: what stands in each row is the name of rare categories. */
function hollowLines({ columns }: CodedTable, learned: TypedTable, plan: TablePlan): string[] {
  return columns.flatMap(({ name, codes }) => {
    const values: ArrayLike<string | number> =
      learned.columns.find((column) => column.name === name)?.values ?? [];
    if (codes.length !== 1 || codes[0].kind !== "rare") return [];
    return `column ${brief(name)}: each of its ${counted(new Set(Array.from(values)).size, "category", "categories")} has fewer than ${rareOf(plan, name).below} rows, so that every row that is made has ${brief(codes[0].name)}; say another kind in ${plan.file}, or leave it out`;
  });
}

/** @throws ManifestError for what a call refuses that knows of no file */
function namingThePlan<Result>(plan: TablePlan, path: FieldPath, call: () => Result): Result {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof UsageError)
      throw plan.complain(path, cause.message.replace(/^constraint /u, ""), cause);
    throw cause;
  }
}

function parted(
  whole: TextTable,
  plan: TablePlan,
  heldOut: readonly Table[] | undefined,
): { learning: TextTable; holding: TextTable } {
  if (heldOut !== undefined) {
    const forms = new Map(whole.columns.map(({ name, form }) => [name, form]));
    const holding = readColumns(heldOut, plan, forms);
    const names = new Set(holding.columns.map(({ name }) => name));
    const missing = whole.columns.find(({ name, form }) => !names.has(name) && form.kind !== "identifier");
    if (missing !== undefined)
      throw plan.complain(["holdout"], `has no column ${JSON.stringify(missing.name)}, which the table has`);
    const columns = whole.columns.flatMap(
      ({ name }) => holding.columns.find((column) => column.name === name) ?? [],
    );
    return { learning: whole, holding: { ...holding, columns } };
  }
  const share = typeof plan.holdout === "number" ? plan.holdout : 0;
  const order = permutation(whole.rows, randomStream(plan.seed, "hold-out"));
  const held = Math.round(share * whole.rows);
  return {
    holding: rowsOfTexts(whole, order.subarray(0, held).sort()),
    learning: rowsOfTexts(whole, order.subarray(held).sort()),
  };
}

/** @throws ManifestError where more than one row of a hundred breaks a constraint: how many, and the first */
function brokenLines(table: TextTable, planned: readonly PlannedConstraint[], plan: TablePlan): string[] {
  if (planned.length === 0) return [];
  const typed = typedTexts(table);
  return planned.flatMap(({ constraint, at }) => {
    const path = ["constraints", at];
    return namingThePlan(plan, path, () => brokenConstraints([constraint], typed)).map(({ count, first }) => {
      const [column = ""] =
        "column" in constraint
          ? [constraint.column]
          : "columns" in constraint
            ? constraint.columns
            : Object.keys(constraint.then);
      const { message } = table.complain(first, column, "does not keep it");
      const shown = constraintShown(constraint, numberShownBy(table));
      const line = `${shown}: ${counted(count, "row")} of ${table.rows.toLocaleString("en")} ${count === 1 ? "breaks" : "break"} it, the first: ${message}`;
      if (count > mostBroken * table.rows)
        throw plan.complain(path, `${line}; mend the table, or the constraint`);
      return line;
    });
  });
}

function equalAmong(real: TypedTable, holdout: TypedTable): number {
  const keys = (table: TypedTable): string[] =>
    Array.from({ length: table.rows }, (_, row) =>
      table.columns.map(({ values }) => String(values[row])).join("\u001f"),
    );
  const known = new Set(keys(real));
  return keys(holdout).filter((key) => known.has(key)).length;
}
