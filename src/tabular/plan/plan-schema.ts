// What a manifest says of a table that is to be synthesised: every field with its meaning, range and default. Reading: table-plan.ts.
import { z } from "zod";
import { explain } from "../../data/manifest/complaints.ts";
import { column, columns, name, oneOf, record, wholeNumber } from "../../data/manifest/fields.ts";
import { path } from "../../data/manifest/path-field.ts";
import { suggestion } from "../../errors/nearest.ts";
import { leastRows } from "../codes/fit-codes.ts";
import { columnKinds } from "../columns/column-forms.ts";
import { dateOrders } from "../columns/date-cells.ts";
import { thousandsMarks } from "../columns/number-cells.ts";
import { makers } from "../preparation/makers.ts";

/** Rare categories: those of fewer rows than `below` become one, called `to`. */
const rare = record({
  below: z.int().min(leastRows).default(leastRows),
  to: name.default("other"),
});

const columnFields = record({
  /** Default: as its cells show. */
  kind: oneOf(columnKinds).optional(),
  /** Of numbers: what stands before the decimals, and between thousands. */
  decimal: oneOf([".", ","]).optional(),
  thousands: oneOf(thousandsMarks).optional(),
  /** Of dates: which part stands first. */
  dates: oneOf(dateOrders).optional(),
  /** Whether cells without a value are missing values (the default), or a category called as they are written. */
  missing: oneOf(["value", "category"]).default("value"),
  /** Cells that have no value, in the place of the usual words ("", "?", "NA", ...): codes such as "-1" or "99999". */
  words: z.array(name).optional(),
  /** Several words in a cell, and what stands between them: each becomes a column of yes and no, and they are joined again. */
  list: oneOf(["|", ";", ","]).optional(),
  /** Cells that are to be read as others: {">50K.": ">50K"}. */
  spellings: z.record(z.string(), name).optional(),
  /** In the place of two columns, the first less the second. */
  difference: z
    .tuple([column, column], {
      error: () => "must be two columns, of which the second is taken from the first",
    })
    .optional(),
  rare: rare.optional(),
  /** Of identifiers: what is made. Default: as the name of the column says, else a number that counts rows. */
  make: z
    .union([z.enum(makers), record({ pattern: z.string().min(1) })], {
      error: ({ input }) =>
        input === undefined
          ? undefined
          : `must be one of ${makers.join(", ")}, or {pattern: "P-####"} with # for a digit and ? for a letter`,
    })
    .optional(),
});

const columnEntry = z.union(
  [oneOf(columnKinds).transform((kind) => columnFields.parse({ kind })), columnFields],
  {
    error: ({ input }) =>
      typeof input === "string"
        ? `must be one of ${columnKinds.join(", ")}, not "${input}"${suggestion(input, columnKinds)}`
        : undefined,
  },
);

/** A value in a condition, as it is written: it becomes a number, a day or a category once the kind of the column is known. */
const value = z.union([name, z.boolean().transform(String)], {
  error: () => "must be a value, a list of values, or a group such as {min: 18}",
});
const several = z.union([value.transform((one) => [one]), z.array(value).min(1)], {
  error: () => "must be a value, or a list of values",
});

/** What a cell must be; all that is said holds. A value alone is `equals`, a list `oneOf`. */
const condition = z.unknown().transform((input, context): RawCondition => {
  const isGroup =
    typeof input === "object" &&
    input !== null &&
    !Array.isArray(input) &&
    Object.getPrototypeOf(input) === Object.prototype;
  const result = isGroup ? conditionFields.safeParse(input) : several.safeParse(input);
  if (result.success) return Array.isArray(result.data) ? { oneOf: result.data } : result.data;
  const [issue] = result.error.issues;
  const unknown = issue.code === "unrecognized_keys" ? issue.keys : issue.path;
  context.issues.push({ code: "custom", message: issue.message, input, path: [...unknown] });
  return z.NEVER;
});

const conditionFields = record({
  equals: value.optional(),
  oneOf: several.optional(),
  not: several.optional(),
  min: value.optional(),
  max: value.optional(),
  above: value.optional(),
  below: value.optional(),
  missing: z.boolean().optional(),
});

/** A condition before the kind of its column is known: values are texts. */
export type RawCondition = z.output<typeof conditionFields>;

const conditions = z.record(column, condition);

const constraintKinds = {
  /** A column that follows from others: left out, and looked up again. */
  computed: record({ computed: column, from: columns }),
  /** Columns whose values belong together: only combinations that the table has are drawn. */
  together: record({ together: z.array(column).min(2) }),
  /** Numbers or dates that ascend from the first to the last. */
  order: record({ order: z.array(column).min(2), strict: z.boolean().default(false) }),
  /** Cells between bounds, or among values. */
  range: record({ range: conditions }),
  /** Where all conditions of `when` hold, all of `then` do. */
  when: record({ when: conditions, then: conditions }),
} as const;

type ConstraintEntry = {
  [Kind in keyof typeof constraintKinds]: { kind: Kind } & z.output<(typeof constraintKinds)[Kind]>;
}[keyof typeof constraintKinds];

const constraint = z.unknown().transform((input, context): ConstraintEntry => {
  const kinds = Object.keys(constraintKinds) as (keyof typeof constraintKinds)[];
  const kind = kinds.find(
    (each) => typeof input === "object" && input !== null && Object.hasOwn(input, each),
  );
  if (kind === undefined) {
    const [named = ""] = typeof input === "object" && input !== null ? Object.keys(input) : [];
    context.issues.push({
      code: "custom",
      message: `must have one of the keys ${kinds.join(", ")}, as in {order: [birth, death]}${suggestion(named, kinds)}`,
      input,
      path: [],
    });
    return z.NEVER;
  }
  const result = constraintKinds[kind].safeParse(input, { error: explain });
  if (result.success) return { kind, ...result.data } as ConstraintEntry;
  const [issue] = result.error.issues;
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  context.issues.push({ code: "custom", message: issue.message, input, path: [...path] });
  return z.NEVER;
});

const network = record({
  epochs: wholeNumber.optional(),
  batch: wholeNumber.optional(),
  /** Numbers that stand for a value of a column. */
  embedding: wholeNumber.max(256).optional(),
  /** Units of a hidden layer. */
  hidden: wholeNumber.max(1024).optional(),
  dropout: z.number().min(0).lt(1).optional(),
  /** The share of the rows that decide when to stop. */
  validation: z.number().min(0).max(0.5).optional(),
});

export const models = ["copula", "network"] as const;

export const planFields = {
  /** A file of rows, or several with the same columns. */
  table: z.union([path.transform((one) => [one]), z.array(path).min(1)], {
    error: ({ input }) =>
      input === undefined ? undefined : "must be a file below the data root, or a list of files",
  }),
  /** The text between two cells. */
  delimiter: oneOf([",", ";", "tab", "blank"]).default(","),
  /** "none": the first row is data, too. */
  header: z
    .literal("none", { error: () => 'must be "none", or left out where the first row names the columns' })
    .optional(),
  /** Names of the columns of a table without a header, in their order. Default: their numbers, from 1. */
  names: columns.optional(),
  /** How columns are read, and what becomes of them; columns that are not named are as their cells show. */
  columns: z.record(column, columnEntry).default({}),
  /** Columns that are neither learned from nor made. */
  leave: columns.default([]),
  constraints: z.array(constraint).default([]),
  /** A column that says how often its row occurs: so many rows are learned from, and equal rows counted at the end. */
  count: column.optional(),
  /** Default of all columns. */
  rare: rare.prefault({}),
  /** copula: seconds, no GPU. network: minutes, and truer to what several columns have to do with each other. */
  model: oneOf(models).default("copula"),
  network: network.prefault({}),
  /** Rows that nothing is learned from and that the result is judged against: a share of the table, or a table with the same columns. */
  holdout: z
    .union([z.number().gt(0).max(0.5), path, z.array(path).min(1)], {
      error: ({ input }) =>
        input === undefined
          ? undefined
          : "must be a share of the rows over 0 and up to .5, or a file below the data root",
    })
    .default(0.2),
  /** Rows that are made. Default: as many as were learned from. */
  rows: wholeNumber.optional(),
  /** Of all draws. */
  seed: z.int().min(0).default(1),
} as const;

export type PlanContent = z.output<z.ZodObject<typeof planFields>>;
export type ColumnEntry = z.output<typeof columnEntry>;
export type { ConstraintEntry };
