// What entries weigh in a page: bundled and minified as a page would, then compressed.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { expect, test } from "vitest";
import { root } from "./entries.ts";

/** Kilobytes (1,000 bytes) of what a program loads at once, and the Node modules that a bundler found in it. */
async function weigh(
  program: string,
): Promise<{ readonly kilobytes: number; readonly node: readonly string[] }> {
  // In the checkout, so that the package finds itself by its name.
  const folder = mkdtempSync(join(root, ".size-"));
  try {
    const entry = join(folder, "page.js");
    writeFileSync(entry, program);
    const built = await build({
      root,
      configFile: false,
      logLevel: "silent",
      build: {
        write: false,
        minify: true,
        target: "esnext",
        lib: { entry, formats: ["es"], fileName: "page" },
      },
    });
    const chunks = (Array.isArray(built) ? built : [built as Rolldown.RolldownOutput])
      .flatMap(({ output }) => output)
      .filter((each) => each.type === "chunk");
    const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
    const atOnce = new Set<string>();
    const load = (name: string): void => {
      if (atOnce.has(name)) return;
      atOnce.add(name);
      for (const other of byName.get(name)?.imports ?? []) load(other);
    };
    for (const { fileName, isEntry } of chunks) if (isEntry) load(fileName);
    const bytes = [...atOnce].map((name) => gzipSync(byName.get(name)?.code ?? "", { level: 9 }).length);
    const node = chunks
      .flatMap(({ moduleIds }) => moduleIds)
      .filter((id) => id.includes("browser-external:"));
    return { kilobytes: bytes.reduce((sum, each) => sum + each, 0) / 1000, node };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  { what: "one kernel", program: 'export { adam } from "@tessera-gpu/tessera/kernels";', most: 6.5 },
  { what: "all kernels", program: 'export * from "@tessera-gpu/tessera/kernels";', most: 80 },
  {
    what: "an engine with tape, layers and optimisers",
    program:
      'export * from "@tessera-gpu/tessera"; export * from "@tessera-gpu/tessera/nn"; export * from "@tessera-gpu/tessera/optim";',
    most: 208,
  },
])("$what weighs at most $most KB", async ({ program, most }) => {
  const { kilobytes, node } = await weigh(program);
  // The binding of Node is left out by name (package.json, "browser"); an empty module stands for it.
  expect(node.filter((id) => !id.endsWith(":webgpu"))).toEqual([]);
  expect(kilobytes).toBeLessThan(most);
  // A budget that nothing comes near holds nothing.
  expect(kilobytes).toBeGreaterThan(0.9 * most);
});
