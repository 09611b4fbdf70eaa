// The formulas in a shader's header: how many workgroups a launch takes and how many operations it does, in the shader's
// own uniforms and knobs. They are read by this parser, never evaluated as code.

import { KernelError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Knobs, KnobValue, UniformValues } from "./source.ts";

/** The names that a formula may use, and what they are in its shader. */
export interface Vocabulary {
  /** Scalar uniforms. */
  readonly uniforms: readonly string[];
  /** Knobs with defaults: numeric ones are values, `Element` ones are for lanes(). */
  readonly knobs: Readonly<Record<string, KnobValue>>;
}

/** The value of a formula for a launch; NaN if a value that it needs is missing. */
export type Formula = (sizes: UniformValues, knobs: Knobs) => number;

/** A function of numbers. */
interface FormulaFunction {
  /** Largest number of arguments. */
  readonly most: number;
  /** Combines them (at least one). */
  readonly of: (first: Formula, rest: readonly Formula[]) => Formula;
}

// Evaluated for every launch that is encoded, so no arrays are made.
const functions: Readonly<Record<string, FormulaFunction>> = {
  ceil: { most: 1, of: (first) => (sizes, knobs) => Math.ceil(first(sizes, knobs)) },
  min: {
    most: Infinity,
    of: (first, rest) => rest.reduce((a, b) => (s, k) => Math.min(a(s, k), b(s, k)), first),
  },
  max: {
    most: Infinity,
    of: (first, rest) => rest.reduce((a, b) => (s, k) => Math.max(a(s, k), b(s, k)), first),
  },
};

/** A number, a name, or one other character; spaces between them mean nothing. */
const token = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z]\w*)|(\S))/y;

interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  /** Characters before it. */
  readonly at: number;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [whole, number, name, sign = ""] = match;
    const kind = number !== undefined ? "number" : name !== undefined ? "name" : "sign";
    const found = number ?? name ?? sign;
    tokens.push({ kind, text: found, at: match.index + whole.length - found.length });
  }
  return [...tokens, { kind: "end", text: "", at: text.length }];
}

/**
 * Reads a formula: numbers, names of the vocabulary, + - * / with their usual precedence, parentheses, ceil(a), min(a, ...),
 * max(a, ...), and lanes(Element), which is 4 where that knob is vec4f and 1 where it is f32.
 *
 * @param where what the formula is, for messages: "kernel unary: launch"
 * @throws KernelError for a name that the shader does not have, or for what is no formula
 */
export function parseFormula(
  where: string,
  text: string,
  { uniforms, knobs: defaults }: Vocabulary,
): Formula {
  const knobsOf = (type: "number" | "string"): string[] =>
    Object.keys(defaults).filter((name) => typeof defaults[name] === type);
  const [numbers, elements] = [knobsOf("number"), knobsOf("string")];
  const tokens = tokensOf(text);
  let position = 0;

  const refuse = (expected: string): never => {
    const { kind, text: found, at } = tokens[position];
    const got = kind === "end" ? "the end" : `"${found}"`;
    throw new KernelError(
      `${where}: expected ${expected} but got ${got} at character ${at + 1} of "${text}"`,
    );
  };
  const accept = (...signs: readonly string[]): string | undefined => {
    const { kind, text: found } = tokens[position];
    if (kind !== "sign" || !signs.includes(found)) return undefined;
    position++;
    return found;
  };
  const expect = (sign: string): void => {
    if (accept(sign) === undefined) refuse(`"${sign}"`);
  };
  const refuseName = (what: string, name: string, known: readonly string[]): never => {
    const near = suggestion(name, known);
    throw new KernelError(
      `${where}: no ${what} "${name}"${near === "" ? ";" : near} there is ${known.join(", ") || "none"}`,
    );
  };

  /** A chain of operands with operators of one precedence, from the left. */
  const chain = (operators: readonly string[], operand: () => Formula): Formula => {
    let left = operand();
    for (let sign = accept(...operators); sign !== undefined; sign = accept(...operators)) {
      left = joined(sign, left, operand());
    }
    return left;
  };
  const sum = (): Formula => chain(["+", "-"], product);
  const product = (): Formula => chain(["*", "/"], factor);

  const factor = (): Formula => {
    const { kind, text: found } = tokens[position];
    if (kind === "number") {
      position++;
      const value = Number(found);
      return () => value;
    }
    if (kind === "name") {
      position++;
      if (accept("(") !== undefined) return call(found);
      if (uniforms.includes(found)) return (sizes) => numberOf(sizes[found]);
      if (!numbers.includes(found)) refuseName("number", found, [...uniforms, ...numbers]);
      const otherwise = defaults[found];
      return (_, knobs) => numberOf(knobs[found] ?? otherwise);
    }
    if (accept("(") === undefined) refuse('a number, a name or "("');
    const inner = sum();
    expect(")");
    return inner;
  };

  /** A call whose name and opening parenthesis are read. */
  const call = (name: string): Formula => {
    if (name === "lanes") {
      const { kind, text: element } = tokens[position];
      if (kind !== "name") refuse("the name of an Element knob");
      position++;
      if (!elements.includes(element)) refuseName("Element knob", element, elements);
      expect(")");
      const otherwise = defaults[element];
      return (_, knobs) => ((knobs[element] ?? otherwise) === "vec4f" ? 4 : 1);
    }
    const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
    const { most, of } = known ?? refuseName("function", name, [...Object.keys(functions), "lanes"]);
    const first = sum();
    const rest: Formula[] = [];
    while (rest.length + 1 < most && accept(",") !== undefined) rest.push(sum());
    expect(")");
    return of(first, rest);
  };

  const whole = sum();
  if (tokens[position].kind !== "end") refuse("an operator or the end");
  return whole;
}

const numberOf = (value: unknown): number => (typeof value === "number" ? value : NaN);

function joined(sign: string, left: Formula, right: Formula): Formula {
  switch (sign) {
    case "+":
      return (sizes, knobs) => left(sizes, knobs) + right(sizes, knobs);
    case "-":
      return (sizes, knobs) => left(sizes, knobs) - right(sizes, knobs);
    case "*":
      return (sizes, knobs) => left(sizes, knobs) * right(sizes, knobs);
    default:
      return (sizes, knobs) => left(sizes, knobs) / right(sizes, knobs);
  }
}
