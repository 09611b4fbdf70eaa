// Records of operators that are not built in: what is wrong in one is told in a line that names the operator and the field,
// when it is first run. (The built-in ones are held to the same by the tests, and not looked at again.)

import { described } from "../errors/arguments.ts";
import { TesseraError, UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { kernelFor } from "../kernels/built-in-kernels.ts";
import { type Kernel } from "../kernels/kernel.ts";
import { checkShape, dtypes, sizeOf, type TensorSpec } from "../tensor/shape.ts";
import { builtInNames, isBuiltIn } from "./registry.ts";
import { updatesOf, type Candidate, type Launch, type Operator, type Slot } from "./operator.ts";

/** Every field of a record, and what it may be. */
const fields: Readonly<
  Record<keyof Operator<never>, readonly [must: string, fits: (value: unknown) => boolean]>
> = {
  name: ["one word", (value) => typeof value === "string" && /^\S+$/.test(value)],
  infer: ["a function", isFunction],
  candidates: ["a function", isFunction],
  // Asked for where it is run: a machine with WebGPU computes without.
  reference: ["a function", isFunctionOrNothing],
  updates: [
    "a list of numbers of inputs, or a function that gives one",
    (value) => isFunctionOrNothing(value) || Array.isArray(value),
  ],
  aliases: ["true, or left out", (value) => value === true || value === undefined],
  placements: ["a function", isFunctionOrNothing],
  gradient: [
    'a function, "piecewise constant", "nondifferentiable", or left out',
    (value) => isFunctionOrNothing(value) || value === "piecewise constant" || value === "nondifferentiable",
  ],
};

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isFunctionOrNothing(value: unknown): boolean {
  return value === undefined || isFunction(value);
}

function refuse(operator: string, why: string): never {
  throw new UsageError(`operator ${operator}: ${why}`);
}

/**
 * Runs a function of a record. What it throws on purpose stays as it is; anything else gets the operator's name and the
 * field's.
 */
export function inField<Result>(operator: Operator<never>, field: string, body: () => Result): Result {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof TesseraError || isBuiltIn(operator)) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`operator ${operator.name}: ${field} failed: ${message}`, { cause });
  }
}

const sound = new WeakSet<object>();

/** @throws UsageError naming the operator and the field unless every field is what it must be; looks once at each record */
export function checkRecord(operator: Operator<never>): void {
  if (typeof operator !== "object" || (operator as unknown) === null) {
    throw new UsageError(
      `engine.run: takes an operator's record, with name, infer, reference and candidates, got ${described(operator)}`,
    );
  }
  if (sound.has(operator)) return;
  const name = typeof operator.name === "string" && operator.name !== "" ? operator.name : "without a name";
  const known = Object.keys(fields);
  // A record may have fields of its own, as an instance of a class has; one that is nearly ours is a slip.
  for (const field of Object.keys(operator)) {
    const near = known.includes(field) ? "" : suggestion(field, known);
    if (near !== "") refuse(name, `there is no field "${field}"${near}`);
  }
  for (const [field, [must, fits]] of Object.entries(fields)) {
    const value = (operator as unknown as Readonly<Record<string, unknown>>)[field];
    if (!fits(value)) refuse(name, `${field} must be ${must}, got ${described(value)}`);
  }
  if (builtInNames.has(name)) {
    refuse(
      name,
      "a built-in operator has this name; take another, since candidates and tuning are found by name",
    );
  }
  sound.add(operator);
}

function checkSpec(what: string, spec: unknown): void {
  const { shape, dtype } = (spec ?? {}) as Partial<TensorSpec>;
  if (!Array.isArray(shape) || dtype === undefined || !dtypes.includes(dtype)) {
    throw new UsageError(
      `${what} must be { shape, dtype } with dtype ${dtypes.join(", ")}; got ${JSON.stringify(spec)}`,
    );
  }
  checkShape(what, shape as TensorSpec["shape"]);
}

/**
 * What `infer` gave, and the inputs that the record names.
 * @throws UsageError or ShapeError naming the operator
 */
export function checkInferred(
  operator: Operator<never>,
  inputs: readonly TensorSpec[],
  outputs: unknown,
): void {
  const { name } = operator;
  if (!Array.isArray(outputs)) {
    refuse(
      name,
      `infer must give a list of { shape, dtype }, one for each output; got ${described(outputs)}`,
    );
  }
  const specs = outputs as readonly TensorSpec[];
  specs.forEach((spec, i) => checkSpec(`operator ${name}: output ${i} of infer`, spec));
  const updates: unknown = updatesOf(operator, inputs.length);
  if (!Array.isArray(updates))
    refuse(name, `updates must give a list of numbers of inputs, got ${described(updates)}`);
  for (const index of updates as readonly unknown[]) {
    if (isIndex(index, inputs.length)) continue;
    refuse(name, `updates names input ${String(index)}, and there are ${inputs.length} (the first is 0)`);
  }
  if (specs.length === 0 && (updates as readonly unknown[]).length === 0) {
    refuse(name, "infer gives no output, and updates names no input: nothing would be computed");
  }
  if (operator.aliases !== true) return;
  const [x] = inputs;
  const [y] = specs;
  const same =
    specs.length === 1 && inputs.length > 0 && x.dtype === y.dtype && sizeOf(x.shape) === sizeOf(y.shape);
  if (!same)
    refuse(
      name,
      "aliases is for one output that is input 0 under another shape: as many elements, of its dtype",
    );
}

/**
 * What `candidates` gave: a list of candidates with names of their own, each of which fits its kernels.
 * @throws UsageError naming operator, candidate and what is wrong
 */
export function checkCandidates(
  operator: Operator<never>,
  candidates: readonly Candidate[],
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): void {
  checkCandidateList(operator.name, candidates);
  for (const candidate of candidates) checkCandidate(operator, candidate, inputs, outputs);
}

function checkCandidateList(operator: string, candidates: unknown): void {
  if (!Array.isArray(candidates) || candidates.length === 0) {
    refuse(operator, `candidates must give a list of at least one candidate, got ${described(candidates)}`);
  }
  const names = new Set<string>();
  for (const candidate of candidates as readonly Partial<Candidate>[]) {
    const { name, launches } = candidate ?? {};
    if (typeof name !== "string" || name === "")
      refuse(operator, `a candidate needs a name, got ${described(name)}`);
    if (names.has(name)) refuse(operator, `two candidates are called "${name}"`);
    names.add(name);
    if (Array.isArray(launches) && launches.length > 0) continue;
    refuse(
      operator,
      `candidate "${name}": launches must be a list of at least one launch, got ${described(launches)}`,
    );
  }
}

/** What there is of each kind of slot. */
type Specs = Readonly<Record<Slot["kind"], readonly TensorSpec[]>>;

const isIndex = (index: unknown, count: number): boolean =>
  Number.isInteger(index) && (index as number) >= 0 && (index as number) < count;

/**
 * Whether the launches of a candidate fit their kernels and leave nothing undefined: each binding has a slot that there is,
 * each output is written, nothing is read before it is written, and no input is written that `updates` does not name.
 * @throws UsageError naming operator, candidate and binding; KernelError for a kernel that there is not
 */
function checkCandidate(
  operator: Operator<never>,
  { name, launches, temporaries = [] }: Candidate,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): void {
  const where = `candidate "${name}"`;
  const specs: Specs = { input: inputs, output: outputs, temporary: temporaries };
  temporaries.forEach((spec, i) => checkSpec(`operator ${operator.name}: ${where}: temporary ${i}`, spec));
  const updated = updatesOf(operator, inputs.length);
  const written = new Set<string>();
  for (const launch of launches) {
    const kernel = kernelFor(launch.kernel);
    checkBindings(operator.name, where, kernel, launch, specs);
    const writes: string[] = [];
    for (const { name: binding, access } of kernel.bindings) {
      if (access === "uniform") continue;
      const { kind, index } = launch.bind[binding];
      const place = `${kind} ${index}`;
      if (access === "readWrite") {
        if (kind === "input" && !updated.includes(index)) {
          const why = `kernel ${kernel.name} may write to input ${index} ("${binding}"), which updates does not name`;
          refuse(operator.name, `${where}: ${why}`);
        }
        writes.push(place);
      } else if (kind !== "input" && !written.has(place)) {
        refuse(
          operator.name,
          `${where}: kernel ${kernel.name} reads ${place} ("${binding}") before it is written`,
        );
      }
    }
    for (const place of writes) written.add(place);
  }
  for (let i = 0; i < outputs.length; i++) {
    if (!written.has(`output ${i}`)) refuse(operator.name, `${where}: no launch writes output ${i}`);
  }
}

function checkBindings(operator: string, where: string, kernel: Kernel, launch: Launch, specs: Specs): void {
  const { bind } = launch;
  const known = kernel.bindings.filter(({ access }) => access !== "uniform").map(({ name }) => name);
  if (typeof bind !== "object" || (bind as unknown) === null) {
    refuse(
      operator,
      `${where}: a launch of ${kernel.name} needs bind, a slot for each of ${known.join(", ")}`,
    );
  }
  const strange = Object.keys(bind).find((name) => !known.includes(name));
  if (strange !== undefined) {
    const near = suggestion(strange, known);
    const instead = near === "" ? `; it has ${known.join(", ")}` : near;
    refuse(operator, `${where}: kernel ${kernel.name} has no binding "${strange}"${instead}`);
  }
  for (const name of known) {
    const slot = bind[name] as Partial<Slot> | undefined;
    if (slot === undefined)
      refuse(operator, `${where}: nothing is bound to "${name}" of kernel ${kernel.name}`);
    const { kind, index } = slot ?? {};
    if (kind === undefined || !Object.hasOwn(specs, kind)) {
      refuse(operator, `${where}: "${name}" must be bound to input(i), output(i) or temporary(i)`);
    } else if (!isIndex(index, specs[kind].length)) {
      const { length } = specs[kind];
      const many = length === 0 ? "none" : length === 1 ? "only 0" : `0 to ${length - 1}`;
      refuse(operator, `${where}: "${name}" is bound to ${kind} ${String(index)}, and there is ${many}`);
    }
    // Whole numbers read as floats are no numbers; the other way round a kernel may want the bits.
    const { dtype } = specs[kind][index as number];
    const type = kernel.bindings.find((binding) => binding.name === name)?.type ?? "";
    const stored = kernel.knobs.find((knob) => knob.type === "stored" && type === `array<${knob.name}>`);
    if (stored !== undefined) {
      const wanted = launch.knobs?.[stored.name] ?? stored.value;
      if (dtype === wanted) continue;
      const found = `${kind} ${index} is ${dtype}; knob ${stored.name} says which of f32 and f16 it takes`;
      refuse(operator, `${where}: "${name}" of kernel ${kernel.name} is ${String(wanted)}, and ${found}`);
    }
    if (dtype !== "f32" && /\bf32\b|vec[234]f\b/.test(type)) {
      const what = `${kind} ${index}`;
      refuse(operator, `${where}: "${name}" of kernel ${kernel.name} is ${type}, and ${what} is ${dtype}`);
    }
  }
}
