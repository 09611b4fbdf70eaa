// What callers pass, looked at before it is used: in plain JavaScript no compiler has checked it. Every refusal is one line
// that names the function, the argument, and what came instead.

import { UsageError } from "./errors.ts";
import { nearest } from "./nearest.ts";

/** Whether somebody forgot to await something. */
export const isPromise = (value: unknown): boolean =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** What a value is, for people: `the string "a"`, `a list of 3`, `an object of type Map`. */
export const described = (value: unknown): string => describedAt(value, "");

/** The same, with where it was found: `the string "a" at [1]`. */
export const describedAt = (value: unknown, place: string): string =>
  isPromise(value) ? `a promise${place}: await it first` : `${kindOf(value)}${place}`;

function kindOf(value: unknown): string {
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 20))}`;
  if (typeof value === "bigint") return `the bigint ${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return listShown(value);
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  const { shape } = value as { shape?: unknown };
  if (name === "Tensor" && Array.isArray(shape)) return `a tensor [${shape.join(", ")}]`;
  return typeof name === "string" && name !== "Object" ? `an object of type ${name}` : "an object";
}

/** A few numbers say more than how many they are. */
function listShown(list: readonly unknown[]): string {
  if (list.length === 0) return "an empty list";
  const isShort = list.length <= 6 && list.every((each) => typeof each === "number");
  return isShort ? `[${list.join(", ")}]` : `a list of ${list.length}`;
}

/** The same, but a string stands for itself: where names are expected, another name needs no introduction. */
export function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : described(value);
}

/** What an argument or an option must be: in words that follow "must be", and as a check. */
export interface Requirement {
  readonly words: string;
  readonly fits: (value: unknown) => boolean;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && !Number.isNaN(value);

/** For what is checked elsewhere, by somebody who knows more of it. */
export const anything: Requirement = { words: "anything", fits: () => true };
export const aNumber: Requirement = { words: "a number", fits: isNumber };
export const aNumberAbove = (least: number): Requirement => ({
  words: `a number above ${least}`,
  fits: (value) => isNumber(value) && value > least,
});
export const aFlag: Requirement = {
  words: "true or false",
  fits: (value) => typeof value === "boolean",
};
export const aFunction: Requirement = {
  words: "a function",
  fits: (value) => typeof value === "function",
};
export const aString: Requirement = { words: "a string", fits: (value) => typeof value === "string" };
export const numbers: Requirement = {
  words: "a list of numbers",
  fits: (value) => Array.isArray(value) && value.every(isNumber),
};
export const strings: Requirement = {
  words: "a list of strings",
  fits: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
};
/** A list, whatever is in it. */
export const aList: Requirement = { words: "a list", fits: (value) => Array.isArray(value) };
/** What counts by position: a list or a typed array. */
export const numbersInOrder: Requirement = {
  words: "a list of numbers or a typed array",
  fits: (value) =>
    (Array.isArray(value) && value.every((each) => typeof each === "number")) ||
    (ArrayBuffer.isView(value) && !(value instanceof DataView)),
};
export const aRecord: Requirement = { words: "an object with named fields", fits: hasFields };

/** Bytes, such as pixels and label states. */
export const bytes: Requirement = {
  words: "a Uint8Array",
  fits: (value) => Object.prototype.toString.call(value) === "[object Uint8Array]",
};
/** What ends work before its time. */
export const aSignal: Requirement = {
  words: "an AbortSignal",
  fits: (value) => typeof (value as Partial<AbortSignal> | null)?.throwIfAborted === "function",
};

/** Something that another function makes, known by some of its fields. */
export const madeWith = (words: string, fields: readonly string[]): Requirement => ({
  words,
  fits: (value) =>
    typeof value === "object" &&
    value !== null &&
    fields.every((field) => (value as Readonly<Record<string, unknown>>)[field] !== undefined),
});

/** A list of things that are alike. */
export const listOf = (words: string, { fits }: Requirement): Requirement => ({
  words: `a list of ${words}`,
  fits: (value) => Array.isArray(value) && Array.from(value as unknown[]).every(fits),
});

/** A whole number, not below `least`. */
export const wholeFrom = (least: number): Requirement => ({
  words: `a whole number from ${least}`,
  fits: (value) => Number.isInteger(value) && (value as number) >= least,
});

/** One of some names. */
export const oneOf = (names: readonly string[]): Requirement => ({
  words: `one of ${names.map((name) => JSON.stringify(name)).join(", ")}`,
  fits: (value) => names.includes(value as string),
});

/** @throws UsageError unless the argument is what it must be */
export function expectArgument(
  what: string,
  name: string,
  value: unknown,
  { words, fits }: Requirement,
): void {
  if (!fits(value)) throw new UsageError(`${what}: ${name} must be ${words}, got ${described(value)}`);
}

/** An option that has no default. */
export interface RequiredOption extends Requirement {
  readonly required: true;
}

export const required = (requirement: Requirement): RequiredOption => ({ ...requirement, required: true });

/** What each option of an interface must be. It is total: an option without a row does not compile. */
export type OptionChecks<Options> = {
  readonly [Name in keyof Options]-?: undefined extends Options[Name] ? Requirement : RequiredOption;
};

/** Objects with named fields, also those of a class or of another realm; no promise, map, list or tensor is one. */
function hasFields(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  return (
    Object.prototype.toString.call(value) === "[object Object]" && !("dtype" in value && "shape" in value)
  );
}

/**
 * Checks an object of options before anything is taken from it.
 *
 * @param what the function, for messages
 * @param checks what each option must be
 * @throws UsageError for what is no object of options, naming an option that there is not with the nearest that there is,
 *   one that is missing, or one that is not what it must be
 */
export function expectOptions<Options extends object>(
  what: string,
  options: Options,
  checks: OptionChecks<Options>,
): void {
  const names = Object.keys(checks);
  if (!hasFields(options)) {
    throw new UsageError(
      `${what}: options must be an object such as { ${names[0] ?? ""}: ... }, got ${described(options)}`,
    );
  }
  for (const name in options) {
    if (options[name] === undefined || Object.hasOwn(checks, name)) continue;
    if (name in Object.prototype && !Object.hasOwn(options, name)) continue; // what a program adds to all objects
    throw unknownOption(what, name, names);
  }
  expectFields(what, options, checks);
}

/**
 * Checks a record of data, which may have further fields: those that are read must be what they must be.
 * @throws UsageError for what is no record, naming a field that is missing or not what it must be
 */
export function expectFields<Fields extends object>(
  what: string,
  record: Fields,
  checks: OptionChecks<Fields>,
): void {
  if (!hasFields(record)) throw new UsageError(`${what}: takes ${aRecord.words}, got ${described(record)}`);
  const rows = checks as Readonly<Record<string, Requirement & { readonly required?: true }>>;
  for (const name of Object.keys(rows)) {
    const value = record[name as keyof Fields];
    const { words, fits, required: isRequired } = rows[name];
    if (value === undefined) {
      if (isRequired !== true) continue;
      throw new UsageError(`${what}: the option "${name}" is missing; it must be ${words}`);
    }
    if (!fits(value)) throw new UsageError(`${what}: ${name} must be ${words}, got ${described(value)}`);
  }
}

/** Of a function that others know with options, so that these are refused and not passed over. */
export type NoOptions = Readonly<Record<string, never>>;

/** The error for an option, or a setting, that there is not. */
export function unknownOption(
  what: string,
  name: string,
  known: readonly string[],
  kind = "option",
): UsageError {
  const ours = Object.hasOwn(habits, name) ? habits[name] : undefined;
  const meant = ours?.find((each) => known.includes(each)) ?? nearest(name, known);
  const near = meant === undefined ? ";" : `; did you mean "${meant}"?`;
  const all = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  return new UsageError(`${what}: there is no ${kind} ${JSON.stringify(name)}${near} ${all}`);
}

/** Words of PyTorch, NumPy, tf.js and JAX that are too far from ours to be found by their letters. */
const habits: Readonly<Partial<Record<string, readonly string[]>>> = {
  axis: ["axes"],
  dim: ["axes", "axis"],
  dims: ["axes", "axis"],
  keepdim: ["keepDimensions"],
  keepdims: ["keepDimensions"],
  keepDims: ["keepDimensions"],
  pad: ["padding"],
  pads: ["padding"],
  kernel_size: ["window", "kernel"],
  kernelSize: ["window", "kernel"],
  poolSize: ["window"],
  filterSize: ["window", "kernel"],
  dilationRate: ["dilation"],
  scaleFactor: ["scale"],
  scale_factor: ["scale"],
  interpolation: ["method"],
  mode: ["method"],
  ceil_mode: ["ceilMode"],
  count_include_pad: ["countIncludePad"],
  output_padding: ["outputPadding"],
  p: ["rate"],
  negativeSlope: ["slope"],
  negative_slope: ["slope"],
  alpha: ["slope"],
  pos_weight: ["positiveWeight"],
  posWeight: ["positiveWeight"],
  ignore_index: ["ignore"],
  beta: ["delta"],
  useBias: ["bias"],
  use_bias: ["bias"],
  attnMask: ["mask"],
  attn_mask: ["mask"],
  is_causal: ["causal"],
  dModel: ["width"],
  d_model: ["width"],
  nhead: ["heads"],
  numHeads: ["heads"],
  num_heads: ["heads"],
  dimFeedforward: ["hidden"],
  dim_feedforward: ["hidden"],
  eps: ["epsilon"],
  lr: ["learningRate"],
  betas: ["beta1"],
  wd: ["weightDecay"],
  max_norm: ["clipNorm"],
};
