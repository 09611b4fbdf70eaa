// Conditions on columns that a model does not have itself: parts of joint columns, computed ones, and lists of words. Each becomes a
// condition on a column that the model has.
import { holds } from "../cell-domain.ts";
import { brief } from "../../files/csv.ts";
import { UsageError } from "../../errors/errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import type { Code, CodedColumn, Drawn } from "../coded-table.ts";
import type { ColumnForm } from "../columns/column-forms.ts";
import { cellReader } from "../columns/typed-table.ts";
import { domainOf } from "../constraints/condition.ts";
import type { Conditions } from "../sampling/conditions.ts";
import { partsOf } from "./joint-columns.ts";
import type { TableRecipe } from "./table-recipe.ts";
import { wordColumn } from "./word-lists.ts";

/** The columns that conditions may name: those of the model, and those that stand apart. */
export function namedColumns(recipe: TableRecipe, columns: readonly CodedColumn[]): CodedColumn[] {
  const apart = (name: string, cells: readonly string[]): CodedColumn => {
    const form = formOf(recipe, name);
    const isOrdered = form.kind !== "category";
    const values = [...new Set(cells.map((cell) => valueOf(cell, form)))].filter((value) => value !== null);
    const codes: Code[] = values.map((value) => ({ kind: "value", value }));
    if (isOrdered)
      codes.sort((a, b) =>
        a.kind === "value" && b.kind === "value" ? Number(a.value) - Number(b.value) : 0,
      );
    return {
      name,
      isOrdered,
      codes,
      shares: new Float64Array(codes.length).fill(1 / Math.max(1, codes.length)),
    };
  };
  const parts = recipe.joint.flatMap(({ column, parts: names }) =>
    names.map((name, at) =>
      apart(
        name,
        jointCells(columns, column, names.length).map((cells) => cells[at]),
      ),
    ),
  );
  const computed = recipe.computed.map(({ column, values }) =>
    apart(
      column,
      values.map(([, value]) => value),
    ),
  );
  const lists = recipe.lists.map(({ column, words, alone }) =>
    apart(column, [...words, ...(alone === undefined ? [] : [alone])]),
  );
  return [...columns, ...parts, ...computed, ...lists];
}

/** How a column is read. */
export const formOf = (recipe: TableRecipe, name: string): ColumnForm =>
  recipe.columns.find((column) => column.name === name)?.form ?? { kind: "category" };

const valueOf = (cell: string, form: ColumnForm): Drawn => {
  if (cell === "") return null;
  return form.kind === "category" ? cell : (cellReader(form)(cell) ?? null);
};

function jointCells(columns: readonly CodedColumn[], name: string, count: number): (readonly string[])[] {
  const codes = columns.find((column) => column.name === name)?.codes ?? [];
  return codes.flatMap((code) => {
    const parts = code.kind === "value" ? partsOf(String(code.value), count) : undefined;
    return parts === undefined ? [] : [parts];
  });
}

/** @throws UsageError for a category that a column does not have, with the nearest */
function expectKnown(
  name: string,
  { equals, oneOf }: Conditions[string],
  cells: readonly string[],
  form: ColumnForm,
): void {
  if (form.kind !== "category") return;
  const known = [...new Set(cells)];
  const odd = [equals, oneOf].flat().find((each) => each !== undefined && !known.includes(String(each)));
  if (odd === undefined) return;
  throw new UsageError(
    `condition: no row that ten people share has ${name} ${brief(String(odd))}${suggestion(String(odd), known)}`,
  );
}

/**
 * Conditions on the model's own columns.
 * @throws UsageError for a condition on a column that is computed from several, or on several words of a list at a time
 */
export function modelConditions(
  recipe: TableRecipe,
  columns: readonly CodedColumn[],
  given: Conditions,
): Conditions {
  const own: Record<string, Conditions[string]> = {};
  const allowed = new Map<string, Set<string>>();
  const only = (column: string, names: readonly string[], of: string): void => {
    const before = allowed.get(column);
    const left = new Set(names.filter((name) => before?.has(name) ?? true));
    if (left.size === 0)
      throw new UsageError(
        `condition: no row that ten people share has ${of} as it is asked for${before === undefined ? "" : ", together with what else is"}`,
      );
    allowed.set(column, left);
  };
  for (const [name, condition] of Object.entries(given)) {
    const joint = recipe.joint.find(({ parts }) => parts.includes(name));
    const computed = recipe.computed.find(({ column }) => column === name);
    const list = recipe.lists.find(({ column }) => column === name);
    const form = formOf(recipe, name);
    const fulfils = (cell: string): boolean =>
      holds(domainOf(condition, form.kind === "category" ? "category" : "number", name), valueOf(cell, form));
    if (joint !== undefined) {
      const at = joint.parts.indexOf(name);
      const cells = jointCells(columns, joint.column, joint.parts.length);
      expectKnown(
        name,
        condition,
        cells.map((parts) => parts[at]),
        form,
      );
      only(
        joint.column,
        cells.filter((parts) => fulfils(parts[at])).map((parts) => JSON.stringify(parts)),
        name,
      );
    } else if (computed !== undefined) {
      const [source, ...others] = computed.from;
      if (others.length > 0) {
        throw new UsageError(
          `condition: ${name} is computed from ${computed.from.join(" and ")}: ask for these`,
        );
      }
      expectKnown(
        name,
        condition,
        computed.values.map(([, value]) => value),
        form,
      );
      const cells = computed.values
        .filter(([, value]) => fulfils(value))
        .map(([of]) => (JSON.parse(of) as string[])[0]);
      only(source, cells, name);
    } else if (list !== undefined) {
      const word = condition.equals ?? (condition.oneOf?.length === 1 ? condition.oneOf[0] : undefined);
      if (word === undefined) {
        throw new UsageError(
          `condition: ${name} holds lists of words: ask for one, as in ${brief(`${name}=${list.words[0]}`)}, or for ${brief(`${wordColumn(name, list.words[0])}=no`)}`,
        );
      }
      const wanted = word === list.alone ? list.words : [String(word)];
      for (const each of wanted) own[wordColumn(name, each)] = { equals: word === list.alone ? "no" : "yes" };
    } else {
      own[name] = condition;
    }
  }
  for (const [column, names] of allowed) {
    const form = formOf(recipe, column);
    const isJoint = recipe.joint.some((joint) => joint.column === column);
    const values = [...names]
      .map((cell) => (isJoint ? cell : valueOf(cell, form)))
      .filter((value) => value !== null);
    if (own[column] !== undefined) {
      throw new UsageError(
        `condition: ${column} is asked for twice, once by what is computed from it; leave one out`,
      );
    }
    own[column] = { oneOf: values };
  }
  return own;
}
