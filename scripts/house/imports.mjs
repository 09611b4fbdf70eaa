// Which file imports which, types included.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import ts from "typescript";

/** Folders that are installed or built, never written by hand. */
const notOurs = new Set(["node_modules", "dist"]);

/**
 * All files below a folder that are written by hand, by path from `root`, with slashes; none where there is no such folder.
 * @returns {string[]}
 */
export function filesBelow(root, folder) {
  if (!existsSync(resolve(root, folder))) return [];
  return readdirSync(resolve(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : filesBelow(root, path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

/**
 * What a program text imports: `now` by statements (re-exports and types too), `later` by `import("...")`.
 * @returns {{ now: string[], later: string[] }}
 */
export function importsIn(text) {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const isCall = ({ pos }) => text.slice(0, pos).trimEnd().endsWith("(");
  return {
    now: importedFiles.filter((found) => !isCall(found)).map(({ fileName }) => fileName),
    later: importedFiles.filter(isCall).map(({ fileName }) => fileName),
  };
}

const isProgram = (file) => /\.[cm]?[jt]s$/u.test(file) && !/\.d\.[cm]?ts$/u.test(file);

/** Folders that hold programs of ours. */
export const programFolders = ["src", "test", "bench", "scripts", "examples"];

/**
 * The sources that each name with a # leads to, under whatever conditions (package.json, "imports"), by path from `root`.
 * @returns {Map<string, string[]>}
 */
export function twinsIn(root) {
  const file = resolve(root, "package.json");
  const { imports = {} } = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const leaves = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(leaves));
  const source = (path) => path.replace(/^\.\//u, "").replace(/^dist\/(.*)\.js$/u, "src/$1.ts");
  return new Map(Object.entries(imports).map(([name, to]) => [name, [...new Set(leaves(to).map(source))]]));
}

/**
 * For each program, the files that it imports, by path from `root`; packages are left out.
 * @returns {Map<string, string[]>}
 */
export function importGraph(root, folders = programFolders) {
  const programs = folders.flatMap((folder) => filesBelow(root, folder)).filter(isProgram);
  const twins = twinsIn(root);
  return new Map(
    programs.map((file) => {
      const { now, later } = importsIn(readFileSync(resolve(root, file), "utf8"));
      const paths = [...now, ...later]
        .filter((name) => name.startsWith("."))
        .map((name) =>
          relative(root, resolve(root, dirname(file), name))
            .split(sep)
            .join("/"),
        );
      const ofTwins = [...now, ...later].flatMap((name) => twins.get(name) ?? []);
      return [file, [...new Set([...paths, ...ofTwins])]];
    }),
  );
}

/**
 * The circles of a graph (Tarjan's algorithm): one for each set of files that all reach each other.
 * @param {Map<string, string[]>} graph
 * @returns {string[][]}
 */
export function circlesOf(graph) {
  const [index, low] = [new Map(), new Map()];
  const stack = [];
  const circles = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file), low.get(next)));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1 || graph.get(file)?.includes(file)) circles.push(circle);
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return circles;
}

/** A shortest way round a circle, its first file again at the end: what a person must cut. */
export function wayRound(graph, circle) {
  const [start] = [...circle].sort();
  const from = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const next of graph.get(file) ?? []) {
      if (next === start) {
        const way = [start];
        for (let at = file; at !== undefined; at = from.get(at)) way.unshift(at);
        return way;
      }
      if (!circle.includes(next) || from.has(next)) continue;
      from.set(next, file);
      queue.push(next);
    }
  }
  throw new Error(`no way round ${circle.join(", ")}`);
}
