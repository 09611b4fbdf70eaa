// Writes src/kernels/shaders.generated.ts: the text of every shaders/*.wgsl as one typed table, so that Node,
// bundlers and browsers get the shaders the same way and a misspelt shader name does not compile.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "shaders");
const target = join(root, "src", "kernels", "shaders.generated.ts");

const rows = readdirSync(folder)
  .filter((file) => file.endsWith(".wgsl"))
  .sort()
  .map(
    (file) =>
      `  ${file.slice(0, -".wgsl".length)}: ${JSON.stringify(readFileSync(join(folder, file), "utf8"))},`,
  );

const text = `// Made from shaders/*.wgsl by scripts/embed-shaders.mjs; edit those.\n\nexport const shaders = {\n${rows.join("\n")}\n} as const;\n`;

let current = "";
try {
  current = readFileSync(target, "utf8");
} catch {
  // The first run has nothing to compare with.
}
if (current !== text) writeFileSync(target, text);
