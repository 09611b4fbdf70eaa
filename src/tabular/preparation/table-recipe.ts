// What is kept beside a model of a table, by which drawn rows become rows of the table: as it stands in JSON.
import { z } from "zod";
import { DataError } from "../../errors/data-errors.ts";
import { columnKinds } from "../columns/column-forms.ts";
import { dateOrders } from "../columns/date-cells.ts";
import { thousandsMarks } from "../columns/number-cells.ts";
import { makers } from "./makers.ts";

const text = z.string();

const form = z.strictObject({
  kind: z.enum(columnKinds),
  numbers: z
    .strictObject({
      decimal: z.enum([".", ","]).exactOptional(),
      thousands: z.enum(thousandsMarks).exactOptional(),
    })
    .exactOptional(),
  dates: z
    .strictObject({
      order: z.enum(dateOrders),
      mark: z.enum(["-", "/", ".", ""]).exactOptional(),
      time: z.boolean().exactOptional(),
      padded: z.boolean().exactOptional(),
      timeMark: z.enum(["T", " "]).exactOptional(),
      minutes: z.boolean().exactOptional(),
      zone: text.exactOptional(),
    })
    .exactOptional(),
  missing: z.array(text).readonly().exactOptional(),
  missingIs: z.enum(["value", "category"]).exactOptional(),
});

const keptColumn = z.strictObject({
  ...{ name: text, form, empty: text },
  decimals: z.int().min(0).max(20),
  isPadded: z.boolean().exactOptional(),
});
export type KeptColumn = z.output<typeof keptColumn>;

const recipe = z.strictObject({
  format: z.literal("tessera-table-recipe-1"),
  /** Columns of the table that is written, in its order. */
  output: z.array(text).readonly(),
  /** How each column is written, those of words split, parts of joint ones and computed ones by themselves. */
  columns: z.array(keptColumn).readonly(),
  lists: z.array(
    z.strictObject({
      column: text,
      mark: text,
      words: z.array(text).readonly(),
      alone: text.exactOptional(),
      empty: text,
    }),
  ),
  computed: z.array(
    z.strictObject({
      column: text,
      from: z.array(text).readonly(),
      values: z.array(z.tuple([text, text]).readonly()).readonly(),
    }),
  ),
  joint: z.array(
    z.strictObject({ column: text, parts: z.array(text).readonly(), rare: z.array(text).readonly() }),
  ),
  identifiers: z.array(
    z.strictObject({ column: text, make: z.union([z.enum(makers), z.strictObject({ pattern: text })]) }),
  ),
  /** The column that counts equal rows. */
  count: text.exactOptional(),
  /** What parts its cells, where that is no comma. */
  delimiter: z.enum([";", "tab"]).exactOptional(),
});
export type TableRecipe = z.output<typeof recipe>;

/** @param file for messages. @throws DataError for what is no recipe of this version */
export function recipeFromJson(json: unknown, file: string): TableRecipe {
  const found = recipe.safeParse(json);
  if (found.success) return found.data;
  const [{ path, message }] = found.error.issues;
  throw new DataError(file, `is no model of a table of this version: recipe.${path.join(".")}: ${message}`);
}
