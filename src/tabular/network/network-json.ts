// What a run keeps of a network beside its weights, as JSON, and back, checked.

import { z } from "zod";
import { DataError } from "../../errors/data-errors.ts";
import type { Engine } from "../../runtime/engine.ts";
import { codedColumnsJson, codedColumnsSchema, firstFault } from "../coded-columns-json.ts";
import type { CodedColumn } from "../coded-table.ts";
import { TabularNetwork } from "./tabular-network.ts";

const format = "tessera-table-network-1";

const width = z.int().min(4).multipleOf(4);
const networkSchema = z.strictObject({
  format: z.literal(format),
  columns: codedColumnsSchema,
  embedding: width,
  hidden: width,
  dropout: z.number().min(0).lt(1),
});

/** What `networkFromJson` takes. */
export function networkJson(
  { embedding, hidden, dropout }: TabularNetwork,
  columns: readonly CodedColumn[],
): unknown {
  return { format, columns: codedColumnsJson(columns), embedding, hidden, dropout: dropout.rate };
}

/**
 * A network with the weights that it begins with: `readTaskModel` gives it those of its run. The caller disposes it.
 *
 * @param json what `networkJson` made
 * @param file for messages
 * @throws DataError when it is none, or damaged: names the field
 */
export function networkFromJson(
  engine: Engine,
  json: unknown,
  file: string,
): { readonly network: TabularNetwork; readonly columns: readonly CodedColumn[] } {
  const found = networkSchema.safeParse(json);
  if (!found.success) {
    throw new DataError(file, `is no network of a table of this version: ${firstFault(found.error)}`);
  }
  const { columns, embedding, hidden, dropout } = found.data;
  return { network: new TabularNetwork(engine, columns, { embedding, hidden, dropout }), columns };
}
