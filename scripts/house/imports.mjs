// Which file of src/ imports which, types included.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";

/** Imports and re-exports; the text between `from` and the path is never anything but spaces. */
const imports = /^(?:import|export)\b[^;]*?\bfrom\s+"(\.[^"]+)";|^import\s+"(\.[^"]+)";/gmu;
const dynamicImports = /\bimport\("(\.[^"]+)"\)/gu;

/** Files below a folder with this ending, by path from `root`, with slashes. */
export function filesBelow(root, folder, ending) {
  return readdirSync(resolve(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, resolve(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** The imports of each file of src/: static ones, types included, and those that happen later. */
export function importsOf(root) {
  return new Map(
    filesBelow(root, "src", ".ts").map((file) => {
      const text = readFileSync(resolve(root, file), "utf8");
      const pathOf = (specifier) =>
        relative(root, resolve(root, dirname(file), specifier))
          .split(sep)
          .join("/");
      return [
        file,
        {
          now: [...text.matchAll(imports)].map(([, from, alone]) => pathOf(from ?? alone)),
          later: [...text.matchAll(dynamicImports)].map(([, path]) => pathOf(path)),
        },
      ];
    }),
  );
}

/** The circles of a graph: one for each set of files that all reach each other. */
export function circlesOf(graph) {
  const [index, low] = [new Map(), new Map()];
  const stack = [];
  const circles = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const next of graph.get(file)?.now ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file), low.get(next)));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) circles.push(circle);
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return circles;
}
