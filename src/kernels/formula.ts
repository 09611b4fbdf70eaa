// The formulas in a shader's header: how many workgroups a launch takes and how many operations it does, in the shader's
// own uniforms and knobs. They are read by this parser, never evaluated as code.

import { KernelError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";

/** The names that a formula may use, and what they are in its shader. */
export interface Vocabulary {
  /** Uniforms of one lane and knobs that are numbers. */
  readonly numbers: readonly string[];
  /** Knobs that say what the elements of the buffers are: arguments of lanes(). */
  readonly elements: readonly string[];
}

/** Values of uniforms and knobs, by name. */
export type FormulaValues = Readonly<Record<string, unknown>>;

/** The value of a formula; NaN where a number it needs is missing. */
export type Formula = (values: FormulaValues) => number;

/** The functions of numbers, with how many arguments they take at the most. */
const functions = new Map<string, { readonly most: number; readonly apply: (...values: number[]) => number }>(
  [
    ["ceil", { most: 1, apply: (value) => Math.ceil(value) }],
    ["min", { most: Infinity, apply: Math.min }],
    ["max", { most: Infinity, apply: Math.max }],
  ],
);

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
export function parseFormula(where: string, text: string, { numbers, elements }: Vocabulary): Formula {
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
      if (!numbers.includes(found)) refuseName("number", found, numbers);
      return (values) => numberOf(values[found]);
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
      if (kind !== "name") refuse("the name of a knob of elements");
      position++;
      if (!elements.includes(element)) refuseName("knob of elements", element, elements);
      expect(")");
      return (values) => (values[element] === "vec4f" ? 4 : 1);
    }
    const { most, apply } =
      functions.get(name) ?? refuseName("function", name, [...functions.keys(), "lanes"]);
    const given = [sum()];
    while (given.length < most && accept(",") !== undefined) given.push(sum());
    expect(")");
    return (values) => apply(...given.map((each) => each(values)));
  };

  const whole = sum();
  if (tokens[position].kind !== "end") refuse("an operator or the end");
  return whole;
}

const numberOf = (value: unknown): number => (typeof value === "number" ? value : NaN);

function joined(sign: string, left: Formula, right: Formula): Formula {
  switch (sign) {
    case "+":
      return (values) => left(values) + right(values);
    case "-":
      return (values) => left(values) - right(values);
    case "*":
      return (values) => left(values) * right(values);
    default:
      return (values) => left(values) / right(values);
  }
}
