// The API reference, from the comments of every entry of the package: `npm run docs` writes docs/api/index.html.
import { readFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** Read from package.json, so that a new entry of the package is in the reference without being listed here, too. */
const entries = Object.values(exports)
  .filter((entry) => typeof entry === "object")
  .map(({ types }) => types.replace(/^\.\/dist\//, "src/").replace(/\.d\.ts$/, ".ts"));

export default {
  name: "Tessera",
  entryPoints: entries,
  out: "docs/api",
  // The README links files that are not part of the reference.
  readme: "none",
  // A name that is not exported is spelled out where it is used.
  validation: { notExported: false },
};
