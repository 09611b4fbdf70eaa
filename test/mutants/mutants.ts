// Mutants of a shader's text: each has one small mistake of the kind that people make.

import { blankComments } from "../../src/kernels/comments.ts";

/** Kinds of mistakes: what is looked for, and what takes its place. */
const kinds: readonly { readonly kind: string; readonly find: RegExp; readonly to: readonly string[] }[] = [
  { kind: "bound shifted", find: /(?<= )<(?= )/g, to: ["<="] },
  { kind: "bound shifted", find: /(?<= )<=(?= )/g, to: ["<"] },
  { kind: "bound shifted", find: /(?<= )>(?= )/g, to: [">="] },
  { kind: "bound shifted", find: /(?<= )>=(?= )/g, to: [">"] },
  { kind: "operator replaced", find: /(?<= )==(?= )/g, to: ["!="] },
  { kind: "operator replaced", find: /(?<= )!=(?= )/g, to: ["=="] },
  { kind: "operator replaced", find: /(?<= )\+(?= )/g, to: ["-"] },
  { kind: "operator replaced", find: /(?<=[\w)\]] )-(?= )/g, to: ["+"] },
  { kind: "operator replaced", find: /(?<= )\*(?= )/g, to: ["+"] },
  { kind: "operator replaced", find: /(?<= )\/(?= )/g, to: ["*"] },
  { kind: "operator replaced", find: /(?<= )%(?= )/g, to: ["/"] },
  { kind: "operator replaced", find: /(?<= )&&(?= )/g, to: ["||"] },
  { kind: "operator replaced", find: /(?<= )\|\|(?= )/g, to: ["&&"] },
  { kind: "operator replaced", find: /\bmin(?=\()/g, to: ["max"] },
  { kind: "operator replaced", find: /\bmax(?=\()/g, to: ["min"] },
  { kind: "barrier dropped", find: /\b(?:workgroup|storage)Barrier\(\);/g, to: [""] },
  { kind: "index swapped", find: /(?<=[\w\])]\.)x\b(?! *:)/g, to: ["y"] },
  { kind: "index swapped", find: /(?<=[\w\])]\.)y\b(?! *:)/g, to: ["x"] },
  { kind: "constant changed", find: /(?<![\w.])0u\b/g, to: ["1u"] },
  { kind: "constant changed", find: /(?<![\w.])1u\b/g, to: ["2u", "0u"] },
  { kind: "constant changed", find: /(?<![\w.])(?:[2-9]|\d\d+)u\b/g, to: ["1u"] },
  { kind: "constant changed", find: /(?<![\w.])0\.0\b/g, to: ["1.0"] },
  { kind: "constant changed", find: /(?<![\w.])1\.0\b/g, to: ["0.5"] },
  { kind: "stride or knob changed", find: /(?<=\+= )[A-Z][A-Z_]*\b/g, to: ["1u"] },
  { kind: "stride or knob changed", find: /(?<=\* )(?:sizes\.\w+|[A-Z][A-Z_]*)\b/g, to: ["1u"] },
  { kind: "statement dropped", find: /\b(?:continue|break);/g, to: [""] },
];

export interface Mutant {
  readonly kernel: string;
  readonly kind: string;
  /** Of the text, from 1. */
  readonly line: number;
  /** The line as it is and as it would be. */
  readonly was: string;
  readonly is: string;
  /** Where in the text, and what takes the place of what. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

/** From the entry point's attributes and functions on: declarations above are the layout, which is checked when it is read. */
function bodyOf(text: string): number {
  const first = /^(?:@compute|fn )/m.exec(text);
  return first?.index ?? text.length;
}

/** All mutants of a shader, in the order of its text. */
export function mutantsOf(kernel: string, text: string): Mutant[] {
  const code = blankComments(text, "all");
  const begin = bodyOf(code);
  const found: Mutant[] = [];
  for (const { kind, find, to } of kinds) {
    for (const match of code.matchAll(find)) {
      const { index: at } = match;
      if (at < begin) continue;
      const lineStart = code.lastIndexOf("\n", at - 1) + 1;
      const lineEnd = (code.indexOf("\n", at) + 1 || code.length + 1) - 1;
      const was = text.slice(lineStart, lineEnd);
      // Attributes and types are no arithmetic.
      if (/^\s*(?:@|\/\/)/.test(was)) continue;
      const [from] = match;
      const line = code.slice(0, at).split("\n").length;
      for (const other of to) {
        const is = mutated(text, { at, from, to: other }).slice(
          lineStart,
          lineEnd + other.length - from.length,
        );
        found.push({ kernel, kind, line, was: was.trim(), is: is.trim(), at, from, to: other });
      }
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

/** The text with the mistake. @throws where it is not the text that the mutant was made of */
export function mutated(text: string, { at, from, to }: Pick<Mutant, "at" | "from" | "to">): string {
  if (!text.startsWith(from, at)) throw new Error(`there is no "${from}" at ${at}`);
  return text.slice(0, at) + to + text.slice(at + from.length);
}
