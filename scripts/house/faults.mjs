// What no formatter or compiler sees of how the house is built: floors, circles, names of files.

import { basename, dirname } from "node:path";
import { floors } from "./floors.mjs";
import { circlesOf, filesBelow, importGraph, programFolders, wayRound } from "./imports.mjs";

/** The room of a file of src/; undefined for one that is directly in src/. */
const roomOf = (file) => /^src\/([^/]+)\//u.exec(file)?.[1];
const floorOf = (room) => floors.findIndex((rooms) => rooms.includes(room));
/**
 * An entry of the package: it hands out names of any room, and nothing inside src/ imports it, but that the entry of a room has all that
 * its entry for browsers has.
 */
const isEntry = (file) => /^src\/(?:[^/]+\/)?index(?:\.browser)?\.ts$/u.test(file);
const isForBrowsers = (file, imported) => imported === file.replace(/index\.ts$/u, "index.browser.ts");

function* floorFaults(graph) {
  const rooms = new Set([...graph.keys()].filter((file) => file.startsWith("src/")).map(roomOf));
  for (const room of rooms) {
    if (room !== undefined && floorOf(room) < 0) {
      yield `src/${room}: is on no floor; add it to scripts/house/floors.mjs`;
    }
  }
  for (const [file, imports] of graph) {
    if (!file.startsWith("src/")) continue;
    const room = roomOf(file);
    for (const imported of imports) {
      if (!imported.startsWith("src/")) {
        yield `${file}: imports ${imported}; src/ imports only from itself and from packages`;
      } else if (isEntry(imported) && !isForBrowsers(file, imported)) {
        yield `${file}: imports ${imported}, an entry of the package; import the file that defines the name`;
      } else if (!isEntry(file) && !mayImport(room, roomOf(imported))) {
        yield `${file}: imports ${imported}, which is not on a lower floor (scripts/house/floors.mjs)`;
      }
    }
  }
}

function mayImport(room, imported) {
  if (room === imported) return true;
  // What no floor has was said already.
  if (room === undefined || imported === undefined) return false;
  return floorOf(imported) < floorOf(room) || floorOf(room) < 0;
}

function* circleFaults(graph) {
  for (const circle of circlesOf(graph)) yield `circle of imports: ${wayRound(graph, circle).join(" -> ")}`;
}

function* repeatedNames(files) {
  const places = new Map();
  for (const file of files) {
    const name = basename(file);
    if (name !== "index.ts" && !isEntry(file)) places.set(name, [...(places.get(name) ?? []), file]);
  }
  for (const [name, found] of places) {
    if (found.length > 1)
      yield `${name}: occurs ${found.length} times, give each its own name: ${found.join(", ")}`;
  }
}

/** Words in lower case with hyphens, then endings: run-folder.test.ts. */
const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/u;
/** Names that people and tools look for as they are. */
const usual = new Set(["README.md", "LICENSE"]);

function* oddNames(files) {
  const seen = new Set();
  for (const file of files) {
    if (!usual.has(basename(file)) && !kebabCase.test(basename(file))) {
      yield `${file}: name it in lower case with hyphens (kebab-case)`;
    }
    for (let folder = dirname(file); folder !== "."; folder = dirname(folder)) {
      if (seen.has(folder)) break;
      seen.add(folder);
      if (!kebabCase.test(basename(folder))) {
        yield `${folder}/: name it in lower case with hyphens (kebab-case)`;
      }
    }
  }
}

/**
 * One line for each fault of the tree below `root`, naming its files.
 * @returns {string[]}
 */
export function faultsIn(root) {
  const graph = importGraph(root);
  // Not shaders/: a shader is named as its kernel, which is a name of TypeScript.
  const files = programFolders.flatMap((folder) => filesBelow(root, folder));
  return [
    ...floorFaults(graph),
    ...circleFaults(graph),
    ...repeatedNames(files.filter((file) => file.startsWith("src/"))),
    ...oddNames(files),
  ];
}
