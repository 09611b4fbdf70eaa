// What a file says of a network, beside its weights and the table's columns.

import { z } from "zod";
import { DataError } from "../../errors/data-errors.ts";
import type { Engine } from "../../runtime/engine.ts";
import { firstFault } from "../coded-columns-json.ts";
import type { CodedColumn } from "../coded-table.ts";
import { TabularNetwork } from "./tabular-network.ts";

const width = z.int().min(4).multipleOf(4);
const descriptionSchema = z.strictObject({
  kind: z.literal("network"),
  embedding: width,
  hidden: width,
  dropout: z.number().min(0).lt(1),
});

/** As it stands in JSON. */
export type NetworkDescription = z.output<typeof descriptionSchema>;

export function describeNetwork({ embedding, hidden, dropout }: TabularNetwork): NetworkDescription {
  return { kind: "network", embedding, hidden, dropout: dropout.rate };
}

/**
 * A network with the weights that it begins with; `readTaskModel` of its run folder, or `loadWeights`, gives it those that it came to.
 *
 * @param columns of the table that it was trained on
 * @param description as `describeNetwork` gave it
 * @param file where that was found, for messages
 * @throws DataError when it is no description of a network: names the field
 */
export function networkOfDescription(
  engine: Engine,
  columns: readonly CodedColumn[],
  description: unknown,
  file: string,
): TabularNetwork {
  const found = descriptionSchema.safeParse(description);
  if (!found.success) {
    throw new DataError(file, `does not describe a network of a table: ${firstFault(found.error)}`);
  }
  const { kind: _kind, ...options } = found.data;
  return new TabularNetwork(engine, columns, options);
}
