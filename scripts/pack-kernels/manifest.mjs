// manifest.json: what each kernel computes and takes, which operators launch it, and what computes their gradients.

import { kernelFor } from "../../src/kernels/built-in-kernels.ts";
import { operators } from "../../src/operators/registry.ts";
import { candidatesOf } from "./packed-candidates.mjs";
import { gradientOperators } from "./gradient-operators.mjs";
import { computes } from "./headers.mjs";
import { uniformMeanings } from "./kernel-module.mjs";
import { packedKernels, samples } from "./packed.mjs";

/** The kernels of each candidate of an operator, over all samples and adapters. */
function candidateKernels(name) {
  const found = {};
  for (const { inputs, attributes } of samples[name]) {
    for (const { name: candidate, launches } of candidatesOf(operators[name], inputs, attributes)) {
      const names = launches.map(({ kernel }) => kernelFor(kernel).name);
      found[candidate] = [...new Set([...(found[candidate] ?? []), ...names])].sort();
    }
  }
  return found;
}

const all = (lists) => [...new Set(lists.flat())].sort();

function operatorRows() {
  const rules = gradientOperators();
  const rows = Object.keys(operators).map((name) => [
    name,
    { candidates: candidateKernels(name), ...rules[name] },
  ]);
  return Object.fromEntries(rows);
}

const named = (choices) =>
  Object.fromEntries(choices.map(({ name, value, meaning }) => [name, { value, meaning }]));

function kernelRow(kernel, rows) {
  const { name, features, bindings, knobs, uniforms, uniformBytes, launch, work } = kernel;
  const kernelsOf = (operator) => all(Object.values(rows[operator].candidates));
  const launching = Object.keys(rows).filter((operator) => kernelsOf(operator).includes(name));
  const gradientKernels = launching.map((operator) => rows[operator].gradientOperators.flatMap(kernelsOf));
  const meanings = uniformMeanings(kernel);
  return {
    computes: computes(kernel.text),
    features,
    bindings,
    knobs: knobs.map(({ choices, ...knob }) => ({
      ...knob,
      ...(choices.length > 0 && { choices: named(choices) }),
    })),
    uniforms: uniforms.map(({ choices, ...uniform }) => ({
      ...uniform,
      meaning: meanings[uniform.name] ?? "",
      ...(choices.length > 0 && { choices: named(choices) }),
    })),
    uniformBytes,
    launch,
    work,
    operators: launching,
    gradientKernels: all(gradientKernels),
  };
}

/** @param about fields of the package, which come first */
export function manifest(about) {
  const rows = operatorRows();
  const byName = packedKernels.map((kernel) => [kernel.name, kernelRow(kernel, rows)]);
  return { ...about, kernels: Object.fromEntries(byName), operators: rows };
}
