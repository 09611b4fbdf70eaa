// What npm reads of the package: package.json, README.md.

import { issues, license, packageName, repository, version } from "./names.mjs";

export const about = { name: packageName, version, license, issues: issues ?? null };

export function packageJson() {
  const both = (name) => ({ types: `./${name}.d.ts`, default: `./${name}.js` });
  return {
    name: packageName,
    version,
    description:
      "WebGPU compute kernels for deep learning, gradients included: one module each, without dependencies.",
    license,
    ...(repository !== undefined && { repository }),
    ...(issues !== undefined && { bugs: { url: issues } }),
    type: "module",
    sideEffects: false,
    exports: {
      ".": both("index"),
      "./runtime": both("runtime"),
      "./launches": both("launches"),
      "./cases": both("cases"),
      "./bench": both("bench"),
      "./*.wgsl": "./kernels/*.wgsl",
      "./manifest.json": "./manifest.json",
      "./bench.json": "./bench.json",
      "./cases/*": "./cases/*",
      "./check/*": "./check/*",
      "./package.json": "./package.json",
      "./*": both("kernels/*"),
    },
    keywords: ["webgpu", "wgsl", "compute", "kernels", "gradients", "deep-learning"],
  };
}

/** @param counts of what is in the package, and the example that the README shows */
export function readme({ kernels, operators, candidates, kilobytes, example }) {
  return `# ${packageName}

${kernels} compute kernels of WebGPU, written by hand, for programs that have a \`GPUDevice\` and want kernels alone: convolutions,
products of matrices, normalisations, softmax, attention, losses, pooling, optimisers, and **their gradients**. No dependency, no
engine, nothing that runs when a module is loaded. Made from the sources of Tessera.

Every kernel is a module of its own: WGSL, bindings, sizes, knobs, and what to dispatch. One alone weighs at most 4 KB compressed in a bundle.

\`\`\`js
${example.trim()}
\`\`\`

In a browser the first lines are not needed: \`navigator.gpu\` is there.

- \`kernel.specialise(knobs)\` is WGSL, its entry point \`main\`. A **knob** is a constant of the text that may be another:
  \`softmax.specialise({ LOG: true })\`.
- \`kernel.pack(sizes)\` makes the uniform buffer at binding 0. Sizes are uniforms, so that a pipeline serves every shape.
- \`kernel.workgroups(sizes, knobs)\` is what to dispatch. Give it the knobs that the text was made with.
- \`kernel.bindings\`, \`.knobs\`, \`.uniforms\`, \`.features\` say what there is; the declarations have the meaning of each, and the
  commented WGSL lies beside each module (\`${packageName}/softmax.wgsl\`).
- A name or value that does not fit is a TypeError that says which.

## What belongs together

\`manifest.json\` has for each kernel what it computes, its bindings, knobs and sizes with their meaning, the operators that launch
it, and the kernels of their gradients; and for each of the operators its candidates (ways to compute it) and the operators of
its gradient. That of \`conv2d\` is \`conv2dInputGradient\` and \`conv2dWeightGradient\`; losses as \`crossEntropy\` compute theirs in the
same launch.

An operator is often several launches. \`cases/OPERATOR.json\` shows for each candidate which, with knobs, sizes and slots, and
\`launches.js\` runs such a list.

## Held against a reference

\`cases/\` has ${candidates.toLocaleString("en")} candidates of ${operators} operators on small inputs, with what must come out by a reference in
float64 and how far a result may be off: by \`unit * (|expected| + magnitude)\`, where the magnitude is that of the numbers which add
up to a value. Hold kernels of your own against them:

\`\`\`js
import { readFile } from "node:fs/promises";
import { runCase } from "${packageName}/cases";
import { Launcher } from "${packageName}/launches";
import * as kernels from "${packageName}";

const file = (name) => readFile(new URL(import.meta.resolve(\`${packageName}/cases/\${name}\`)));
const values = new Uint8Array(await file("values.bin")).buffer;
const launcher = new Launcher(device, (name) => kernels[name]);
for (const each of JSON.parse(await file("softmaxGradient.json"))) {
  for await (const { candidate, worst, skipped } of runCase(launcher, each, values)) {
    console.log(each.name, candidate, skipped ?? worst <= 1);
  }
}
\`\`\`

## Check your GPU

Serve this folder (\`npx serve node_modules/${packageName}\`) and open \`/check/\`: the page runs all cases on your GPU, times the shapes of
\`bench.json\`, and gives a table and JSON. No request leaves it. ${
    issues === undefined
      ? "Results are welcome as issues of Tessera's repository."
      : `Results are welcome as issues: ${issues}.`
  }

The package is ${kilobytes.toLocaleString("en")} KB unpacked, most of it cases. Licence: ${license}.
`;
}
