// The public face: every entry has the names that names.ts states, as programs and as types, and no others.
//
// A change of the face is made on purpose and seen in review: UPDATE_NAMES=1 npx vitest run test/entries/names.test.ts
// writes names.ts anew from the built package. Without that variable nothing is written.

import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";
import { entries } from "./entries.ts";
import { names, type EntryNames } from "./names.ts";

const file = fileURLToPath(new URL("names.ts", import.meta.url));

/** Whether it is exported as a type although it is a class: `export type { Recording } from ...`. */
function isTypeExport({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some(
    (each) => ts.isExportSpecifier(each) && (each.isTypeOnly || each.parent.parent.isTypeOnly),
  );
}

/** The names of each entry by its declarations. */
function declaredNames(): Record<string, EntryNames> {
  const program = ts.createProgram(
    entries.map(({ types }) => types),
    {
      target: ts.ScriptTarget.ES2023,
      lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
      module: ts.ModuleKind.NodeNext,
      types: ["node", "@webgpu/types"],
      strict: true,
    },
  );
  const checker = program.getTypeChecker();
  const namesOf = (path: string): EntryNames => {
    const source = program.getSourceFile(path);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${path} is missing; npm run build makes it`);
    const found = { values: [] as string[], types: [] as string[] };
    for (const symbol of checker.getExportsOfModule(module)) {
      const { flags } =
        (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
      const isValue = (flags & ts.SymbolFlags.Value) !== 0 && !isTypeExport(symbol);
      found[isValue ? "values" : "types"].push(symbol.name);
    }
    return { values: found.values.sort(), types: found.types.sort() };
  };
  return Object.fromEntries(entries.map(({ name, types }) => [name, namesOf(types)]));
}

let declared: Record<string, EntryNames>;
beforeAll(async () => {
  declared = declaredNames();
  if (process.env["UPDATE_NAMES"] !== "1") return;
  const text = `// What each entry of the package offers; names.test.ts compares, and says how this file is written anew.

export interface EntryNames {
  /** Functions, classes and constants. */
  readonly values: readonly string[];
  /** What is a type alone. */
  readonly types: readonly string[];
}

export const names: Readonly<Record<string, EntryNames>> = ${JSON.stringify(declared)};
`;
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
  throw new Error("names.ts was written anew; look at what changed, and run again without UPDATE_NAMES");
});

test("the entries are those that are stated", () => {
  expect(entries.map(({ name }) => name)).toEqual(Object.keys(names));
});

test.each(entries)("$name has the stated names", async ({ name, program }) => {
  expect(declared[name]).toEqual(names[name]);
  // The paths are those of package.json.
  // eslint-disable-next-line no-restricted-syntax
  const module = (await import(pathToFileURL(program).href)) as object;
  expect(Object.keys(module).sort(), "of the program that runs").toEqual(names[name]?.values);
});

// Room for the functions of tensors that networks are made of, and their options; a new word of another kind has an entry.
test("tessera is the engine alone: under 200 names", () => {
  const { values = [], types = [] } = names["@tessera-gpu/tessera"] ?? {};
  expect(values.length + types.length).toBeLessThan(200);
});
