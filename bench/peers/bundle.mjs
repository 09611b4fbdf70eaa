// Bundles tfjs for Node: its packages are written for a browser's bundler and do not load in Node as they are.

import { build } from "esbuild";
import { fileURLToPath } from "node:url";

/** @param output the file to write */
export async function bundle(output) {
  await build({
    entryPoints: [fileURLToPath(new URL("tfjs.mjs", import.meta.url))],
    outfile: output,
    bundle: true,
    format: "cjs",
    platform: "node",
    mainFields: ["module", "main"],
    logLevel: "error",
  });
}
