import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Names with a # lead to sources here, and to what is built elsewhere. As aliases, since a condition would hold for the threads and
// programs that tests begin, too, and these run what is built.
const { imports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  readonly imports: Readonly<Record<string, { readonly "tessera-source": string }>>;
};
const alias = Object.entries(imports).map(([find, { "tessera-source": source }]) => ({
  find,
  replacement: fileURLToPath(new URL(source, import.meta.url)),
}));

export default defineConfig({
  resolve: { alias },
  test: {
    include: ["test/**/*.test.ts"],
    // One worker per core: lavapipe itself spreads a launch over all cores, more workers only queue.
    maxWorkers: 2,
    // A cold driver compiles a pipeline in 60 ms to 2 s on 2 cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
