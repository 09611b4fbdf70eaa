// The contents of the package that are made from this tree: a text, or bytes, for each path. What is written by hand lies in
// static/. This module is bundled with what it imports of src/ and test/, and needs no build.

// Tensors have their methods from here, which the gradient rules call.
import "../../src/index.ts";
import { benchList } from "./bench-list.mjs";
import { packedCases } from "./cases.mjs";
import { jsonText } from "./json-text.mjs";
import { declarationsOf, moduleOf } from "./kernel-module.mjs";
import { manifest } from "./manifest.mjs";
import { packedKernels as sorted } from "./packed.mjs";

function kernelFiles() {
  const files = sorted.flatMap((kernel) => [
    [`kernels/${kernel.name}.js`, moduleOf(kernel)],
    [`kernels/${kernel.name}.d.ts`, declarationsOf(kernel)],
    [`kernels/${kernel.name}.wgsl`, kernel.text],
  ]);
  const names = sorted.map(({ name }) => `export { ${name} } from "./kernels/${name}.js";\n`).join("");
  const types = sorted.map(({ name }) => `export * from "./kernels/${name}.js";\n`).join("");
  return [
    ...files,
    ["index.js", names],
    [
      "index.d.ts",
      `${types}export type { Binding, Kernel, Knob, KnobValue, Uniform } from "./runtime.js";\n`,
    ],
  ];
}

function caseFiles() {
  const { byOperator, values } = packedCases();
  const operators = byOperator.map(([operator, cases]) => ({
    operator,
    cases: cases.length,
    candidates: cases.reduce((sum, { candidates }) => sum + candidates.length, 0),
  }));
  return [
    ["cases/index.json", jsonText({ values: "values.bin", operators })],
    ...byOperator.map(([operator, cases]) => [`cases/${operator}.json`, jsonText(cases)]),
    ["cases/values.bin", values],
  ];
}

/** @param about what manifest.json begins with */
export function contents(about) {
  return [
    ...kernelFiles(),
    ["manifest.json", jsonText(manifest(about))],
    ...caseFiles(),
    ["bench.json", jsonText(benchList())],
  ];
}
