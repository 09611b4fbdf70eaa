// The tests that mutants run against, as one module that Node imports.

import { writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { oneModule } from "../one-module.mjs";

/** @returns the path of test/mutants/run-mutants.ts, bundled into a folder */
export async function runnerIn(folder) {
  const path = join(folder, "mutants.mjs");
  const code = await oneModule({
    target: "es2023",
    ssr: fileURLToPath(new URL("../../test/mutants/run-mutants.ts", import.meta.url)),
    rolldownOptions: {
      external: [...builtinModules, /^node:/, "webgpu", "sharp"],
      output: { codeSplitting: false },
    },
  });
  // Beside the packages that it imports.
  const webgpu = JSON.stringify(import.meta.resolve("webgpu"));
  writeFileSync(
    path,
    code.replaceAll('from "webgpu"', `from ${webgpu}`).replaceAll('import("webgpu")', `import(${webgpu})`),
  );
  return path;
}
