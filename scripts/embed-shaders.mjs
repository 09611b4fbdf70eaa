// Writes the text of every shaders/*.wgsl as constants of a module, so that Node, bundlers and pages get the shaders the same
// way and a misspelt shader name does not compile:
// - src/kernels/shaders.generated.ts: the texts as they are;
// - src/kernels/bare-shaders.generated.ts: the same for pages, without comments (package.json, "browser");
// - src/kernels/named.generated.ts: a kernel of each, and the names of the values that knobs and uniforms take, as types.
// A shader that does not say its launch size and its work is refused, and so is one whose copy of a marked region has drifted
// from the others.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bareText } from "./bare-shaders.mjs";
import { regionComplaints } from "./house/regions.mjs";
import { headerComplaints } from "./house/shader-headers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "shaders");

const shaders = readdirSync(folder)
  .filter((file) => file.endsWith(".wgsl"))
  .sort()
  .map((file) => ({
    name: file.slice(0, -".wgsl".length),
    text: readFileSync(join(folder, file), "utf8"),
  }));

const complaints = [...headerComplaints(root), ...regionComplaints(root)];
if (complaints.length > 0) {
  for (const complaint of complaints) console.error(complaint);
  process.exit(1);
}

/** Names of the values of knobs and uniforms, by the knob or uniform: NOT_EQUAL goes by "notEqual". */
function choicesOf(text) {
  const choices = new Map();
  for (const [, constant, field] of text.matchAll(/^const (\w+)\s*=.*\/\/ value of (\w+):/gm)) {
    const name = constant.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    choices.set(field, [...(choices.get(field) ?? []), name]);
  }
  return choices;
}

const types = shaders
  .map(({ name, text }) => ({ name, choices: [...choicesOf(text)] }))
  .filter(({ choices }) => choices.length > 0)
  .map(({ name, choices }) => {
    const fields = choices.map(
      ([field, names]) => `    readonly ${field}: ${names.map((each) => JSON.stringify(each)).join(" | ")};`,
    );
    return [`  readonly ${name}: {`, ...fields, "  };"].join("\n");
  });

const made = "// Made from shaders/*.wgsl by scripts/embed-shaders.mjs; edit those.";
const constants = (textOf) =>
  shaders.map(({ name, text }) => `export const ${name} = ${JSON.stringify(textOf(text))};`).join("\n");

const modules = {
  shaders: `${made}\n\n${constants((text) => text)}\n`,
  "bare-shaders": `${made}\n\n${constants(bareText)}\n`,
  named: `${made}

import { builtInKernel, type Kernel } from "./kernel.ts";
import * as shaders from "./shaders.generated.ts";

${shaders
  .map(
    ({ name }) => `export const ${name}: Kernel = /* @__PURE__ */ builtInKernel("${name}", shaders.${name});`,
  )
  .join("\n")}

/** What knobs and uniforms may be called to be, by shader: the names of its "value of" lines. */
export interface Choices {
${types.join("\n")}
}
`,
};

for (const [name, text] of Object.entries(modules)) {
  const target = join(root, "src", "kernels", `${name}.generated.ts`);
  let current = "";
  try {
    current = readFileSync(target, "utf8");
  } catch {
    // The first run has nothing to compare with.
  }
  if (current !== text) writeFileSync(target, text);
}
