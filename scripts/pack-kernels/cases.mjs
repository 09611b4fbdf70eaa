// Cases: small calls of every operator with inputs, what must come out by the float64 reference, how far a result may be off,
// and the launches of every candidate. Chosen so that each pipeline that the samples of the tests ask for is in one of them.

import { kernelFor } from "../../src/kernels/built-in-kernels.ts";
import { operators } from "../../src/operators/registry.ts";
import { updatesOf } from "../../src/operators/operator.ts";
import { magnitudeRules, magnitudesOf, reference } from "../../test/operators/magnitudes.ts";
import { samples } from "./packed.mjs";
import { candidatesOf } from "./packed-candidates.mjs";

/**
 * Elements of all inputs and outputs of a call. A larger one is packed where no smaller one has its pipeline, and a large one
 * where none has its kernel or its candidate.
 */
const mostElements = { small: 1_200, larger: 3_000, large: 40_000 };
/** Cases of an operator that show no pipeline which a smaller one has not shown. */
const mostOthers = 2;

const elementsOf = ({ shape }) => shape.reduce((product, extent) => product * extent, 1);

/** Values one after the other in one file, the same ones once. */
export class ValueFile {
  #places = new Map();
  #parts = [];
  #bytes = 0;

  /** @returns the byte at which the values begin */
  place(array) {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    const key = `${array.constructor.name} ${bytes.toString("latin1")}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const at = this.#bytes;
    // A view of float64 begins at a multiple of eight.
    const padded = Buffer.alloc(8 * Math.ceil(bytes.length / 8));
    bytes.copy(padded);
    this.#parts.push(padded);
    this.#bytes += padded.length;
    this.#places.set(key, at);
    return at;
  }

  get bytes() {
    return Buffer.concat(this.#parts);
  }
}

/** The largest f32 that is not above a number: a bound is not loosened. */
function roundedDown(value) {
  const near = Math.fround(value);
  if (near <= value) return near;
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, near);
  view.setUint32(0, view.getUint32(0) - 1);
  return view.getFloat32(0);
}

/** What must come out, and what its bound is relative to: see worstError of the tests, whose bound this is. */
function expected(file, { shape, dtype }, values, magnitudes, isOwn) {
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  const data = dtype === "f32" ? Float64Array.from(values) : values;
  const told = { shape, dtype, at: file.place(data) };
  if (isOwn) return told;
  const behind = Float32Array.from(values, (_, i) =>
    roundedDown(Math.min(magnitudes?.[i] ?? largest, largest)),
  );
  return { ...told, magnitudesAt: file.place(behind) };
}

function caseOf(file, name, operator, sample, candidates) {
  const { inputs, attributes, reduction = 1, slack = 1 } = sample;
  const values = reference(operator, sample, () => undefined);
  const magnitudes = magnitudesOf(name, operator, sample);
  const outputs = operator.infer(inputs, attributes);
  const updates = updatesOf(operator, inputs.length).filter((index) => inputs[index] !== undefined);
  const isOwn = magnitudeRules[name] === "value";
  const result = (spec, i) => expected(file, spec, values[i], magnitudes?.[i], isOwn);
  return {
    name: sample.name,
    attributes,
    inputs: inputs.map(({ shape, dtype, data }) => ({ shape, dtype, at: file.place(data) })),
    outputs: outputs.map(result),
    updates: updates.map((input, i) => ({ input, ...result(inputs[input], outputs.length + i) })),
    unit: 4 * 2 ** -24 * Math.sqrt(reduction) * slack,
    candidates,
  };
}

/** The cases of an operator; none where it launches nothing. */
function casesOf(file, name) {
  const operator = operators[name];
  if (operator.aliases === true) return [];
  const shown = new Set();
  let others = 0;
  const bySize = samples[name]
    .map((sample) => {
      const specs = [...sample.inputs, ...operator.infer(sample.inputs, sample.attributes)];
      return { sample, elements: specs.reduce((sum, spec) => sum + elementsOf(spec), 0) };
    })
    .filter(({ elements }) => elements <= mostElements.large)
    .sort((a, b) => a.elements - b.elements);
  return bySize.flatMap(({ sample, elements }) => {
    const all = candidatesOf(operator, sample.inputs, sample.attributes);
    const isSmall = elements <= mostElements.small;
    const signs = ({ name: candidate, launches }) => {
      const kernels = launches.map(({ kernel }) => kernelFor(kernel).name);
      const pipelines = launches.map(
        ({ kernel, knobs }) => `${kernelFor(kernel).name} ${JSON.stringify(knobs)}`,
      );
      return [`candidate ${candidate}`, ...kernels, ...(elements <= mostElements.larger ? pipelines : [])];
    };
    const fresh = all.filter((candidate) => signs(candidate).some((each) => !shown.has(each)));
    if (fresh.length === 0 && !(isSmall && others < mostOthers)) return [];
    if (fresh.length === 0) others++;
    const candidates = isSmall ? all : fresh;
    for (const each of candidates.flatMap(signs)) shown.add(each);
    return [caseOf(file, name, operator, sample, candidates)];
  });
}

/** All cases by operator, and the file of their values. */
export function packedCases() {
  const file = new ValueFile();
  const byOperator = Object.keys(operators).map((name) => [name, casesOf(file, name)]);
  return { byOperator: byOperator.filter(([, cases]) => cases.length > 0), values: file.bytes };
}
