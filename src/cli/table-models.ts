// Models of tables as run folders keep them: written after fitting, and opened to draw from.

import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../errors/data-errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { jsonText } from "../runs/json-text.ts";
import { readTableModel, tableRunFiles } from "../runs/table-run.ts";
import { readTaskModel } from "../runs/task-model.ts";
import type { CodeModel } from "../tabular/code-model.ts";
import { codedColumnsJson, codedColumnsSchema, firstFault } from "../tabular/coded-columns-json.ts";
import type { CodedColumn } from "../tabular/coded-table.ts";
import { constraintsFromJson, type Constraint } from "../tabular/constraints/constraint.ts";
import { copulaFromJson, type CopulaModel } from "../tabular/copula/copula-model.ts";
import { describeNetwork, networkOfDescription } from "../tabular/network/network-description.ts";
import { networkModel } from "../tabular/network/network-model.ts";
import type { TabularNetwork } from "../tabular/network/tabular-network.ts";
import { recipeFromJson, type TableRecipe } from "../tabular/preparation/table-recipe.ts";

const format = "tessera-table-model-1";

const modelSchema = z.object({
  format: z.literal(format),
  recipe: z.unknown(),
  /** See constraintsFromJson; drawing checks them against the columns. */
  constraints: z.unknown(),
  copula: z.unknown().optional(),
  network: z.unknown().optional(),
  columns: z.unknown().optional(),
});

interface Kept {
  readonly recipe: TableRecipe;
  readonly constraints: readonly Constraint[];
}

/** model.json of a copula. */
export const copulaText = (model: CopulaModel, { recipe, constraints }: Kept): string =>
  jsonText({ format, recipe, constraints, copula: model.toJSON() });

/** model.json of a network, whose weights are in its own run. */
export const networkText = (
  network: TabularNetwork,
  columns: readonly CodedColumn[],
  { recipe, constraints }: Kept,
): string =>
  jsonText({
    format,
    recipe,
    constraints,
    network: describeNetwork(network),
    columns: codedColumnsJson(columns),
  });

/** A model to draw from. */
export interface OpenTableModel extends Kept {
  readonly columns: readonly CodedColumn[];
  /** Calls with the model, which a network holds on an engine for so long. */
  readonly use: <Result>(body: (model: CodeModel) => Promise<Result>) => Promise<Result>;
}

/**
 * The model of a run.
 * @param onEngine gives a network its engine; a copula needs none
 * @throws RunFolderError, DataError when the folder has none, or it is damaged
 */
export function openTableModel(
  run: string,
  onEngine: <Result>(work: (engine: Engine) => Promise<Result>) => Promise<Result>,
): OpenTableModel {
  const file = join(run, tableRunFiles.model);
  const parsed = modelSchema.safeParse(readTableModel(run));
  if (!parsed.success)
    throw new DataError(file, "is no model of a table of this version; synthesise again with --force");
  const json = parsed.data;
  const recipe = recipeFromJson(json.recipe, file);
  const constraints = constraintsFromJson(json.constraints, file);
  if (json.network === undefined) {
    const model = copulaFromJson(json.copula, file);
    return { recipe, constraints, columns: model.columns, use: (body) => body(model) };
  }
  const found = codedColumnsSchema.safeParse(json.columns);
  if (!found.success)
    throw new DataError(file, `is no model of a table of this version: ${firstFault(found.error)}`);
  const columns = found.data;
  return {
    ...{ recipe, constraints, columns },
    use: (body) =>
      onEngine(async (engine) => {
        const network = networkOfDescription(engine, columns, json.network, file);
        try {
          await readTaskModel(network, join(run, tableRunFiles.training));
          return await body(networkModel(network, columns));
        } finally {
          network.dispose();
        }
      }),
  };
}
