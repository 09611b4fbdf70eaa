// Which files of node_modules the kit needs: what runs, without compilers, linters, types, and other systems' builds.

import { existsSync, lstatSync, readFileSync, readdirSync } from "node:fs";

/** Rows of package-lock.json by their place, as "node_modules/vite/node_modules/picomatch"; "" is the project. */
const readLock = () => JSON.parse(readFileSync("package-lock.json", "utf8")).packages;

/** Where Node finds a package that the one at `from` imports: inside it, or in the nearest node_modules upwards. */
function placeOf(rows, name, from) {
  const place = from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`;
  if (Object.hasOwn(rows, place)) return place;
  if (from === "") return undefined;
  const above = from.lastIndexOf("/node_modules/");
  return placeOf(rows, name, above < 0 ? "" : from.slice(0, above));
}

/** Places of the packages that the project and the named ones need, the packages that those need, and so on. */
function neededPlaces(names) {
  const rows = readLock();
  const places = new Set();
  const needAll = ({ dependencies, optionalDependencies, peerDependencies }, from) => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      need(name, from);
  };
  const need = (name, from) => {
    const place = placeOf(rows, name, from);
    // Packages for other systems are in the lock file, but not on the disk; types are never run.
    if (place === undefined || places.has(place) || !existsSync(place) || name.startsWith("@types/")) return;
    places.add(place);
    needAll(rows[place], place);
  };
  needAll(rows[""], "");
  for (const name of names) need(name, "");
  return places;
}

const isTypes = /\.d\.[cm]?ts$/;
/** Builds of Dawn for other systems, and what it was built from. */
const isOtherDawn = /^node_modules\/webgpu\/(build|dist\/(?!linux-x64))/;

/**
 * Files and links below node_modules that the project's dependencies and the named packages need to run on Linux x86-64.
 * @param {string[]} names packages beyond the project's dependencies
 */
export function neededFiles(names) {
  const files = [];
  const collect = (path) => {
    if (path.endsWith("/node_modules") || isOtherDawn.test(path)) return; // packages inside are asked for by name
    if (lstatSync(path).isDirectory())
      for (const name of readdirSync(path).sort()) collect(`${path}/${name}`);
    else if (!isTypes.test(path) && !path.endsWith(".map")) files.push(path);
  };
  for (const place of [...neededPlaces(names)].sort()) collect(place);
  return files;
}
