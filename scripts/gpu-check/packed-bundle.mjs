// Stands in for bench/peers/bundle.mjs in the kit, which brings the bundle instead of the bundler and its 100 MB of sources.

import { existsSync } from "node:fs";

/** @param {string} output the file that must be there @throws Error when it is not */
export function bundle(output) {
  if (!existsSync(output)) throw new Error(`${output} is not in the kit; pack again without --quick`);
}
