// Sources in TypeScript as one module, with all that they import: for browsers, for Deno, and for Node, which does not read
// TypeScript everywhere.

import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @param options of vite's `build`: what is bundled, and for whom */
export async function oneModule(options) {
  const built = await build({
    root,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: false,
      rolldownOptions: { output: { codeSplitting: false } },
      ...options,
    },
  });
  return [built].flat()[0].output[0].code;
}
