// The table of operators in the documentation, made from the registry. `UPDATE_DOCS=1 npx vitest run test/docs/operators.test.ts`
// writes it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { format } from "prettier";
import { gradients } from "../../src/autograd/gradients.ts";
import { kernelFor } from "../../src/kernels/built-in-kernels.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { Sample } from "../operators/sample.ts";
import { samples } from "../operators/samples.ts";
import { fullAdapters } from "../../scripts/adapter-kinds.mjs";
import { root } from "./markdown.ts";

const file = join(root, "docs/operators.md");

// Those with subgroups first: they are offered the most candidates, in the order that the table has.
const { gpu, gpuSubgroups, software, softwareSubgroups } = fullAdapters;
const inOrder = [gpuSubgroups, gpu, softwareSubgroups, software];

/** What the rule takes, and all that there is, over the samples and adapters; and the kernels of those. */
function candidatesOf(name: OperatorName): { readonly names: readonly string[]; readonly kernels: number } {
  const operator = operators[name] as Operator<unknown>;
  const [names, kernels] = [new Set<string>(), new Set<string>()];
  for (const { inputs, attributes } of samples[name] as readonly Sample<unknown>[]) {
    for (const traits of inOrder) {
      for (const candidate of operator.candidates(inputs, attributes, traits)) {
        names.add(candidate.name);
        for (const { kernel } of candidate.launches) kernels.add(kernelFor(kernel).name);
      }
    }
  }
  return { names: [...names], kernels: kernels.size };
}

function gradientOf(name: OperatorName): string {
  const rule: unknown = gradients[name];
  if (rule === "nondifferentiable") return "refused";
  if (rule === "piecewise constant") return "zero";
  return "yes";
}

const rows = (Object.keys(operators) as OperatorName[])
  .sort((a, b) => a.localeCompare(b))
  .map((name) => {
    const { names, kernels } = candidatesOf(name);
    const isAlias = (operators[name] as Operator<unknown>).aliases === true;
    const ways = isAlias ? "no launch: the same data" : names.join(", ");
    return `| \`${name}\` | yes | ${ways} | ${kernels === 0 ? "" : kernels} | ${gradientOf(name)} |`;
  });

const page = `# Operators by backend

<!-- Made by test/docs/operators.test.ts (UPDATE_DOCS=1) from the registry, the gradient table and the tests' samples. -->

Every operator has a definition in float64 with plain loops, which is the reference backend, and runs on WebGPU by one of its
_candidates_; the first works on every adapter, and which is taken depends on shapes and adapter
([Kernels](kernels.md#operators-and-candidates)). _refused_: the tape throws where a gradient is asked for; _zero_: what it computes is
piecewise constant. What each computes is in its record and in the function of that name.

| operator | reference | WebGPU: candidates | kernels | gradient |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;

test("the table of operators is that of the registry", async () => {
  const wanted = await format(page, { parser: "markdown", printWidth: 130 });
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(file, wanted);
  expect(readFileSync(file, "utf8")).toBe(wanted);
});
