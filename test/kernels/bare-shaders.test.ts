// The shaders of pages are those of Node: the same tokens, and the same description of a kernel but for what people read.

import { expect, test } from "vitest";
import * as bare from "../../src/kernels/bare-shaders.generated.ts";
import * as shaders from "../../src/kernels/shaders.generated.ts";
import { blankComments } from "../../src/kernels/comments.ts";
import { parseShader } from "../../src/kernels/source.ts";

type Name = keyof typeof shaders;
const names = Object.keys(shaders) as Name[];

/** Words, numbers and signs; of signs the longest that WGSL has, so that two which were moved together show. */
const tokens = (text: string): string[] =>
  blankComments(text, "all").match(
    /[A-Za-z_]\w*|\.?\d[\w.]*(?:(?<=e)[-+]\d\w*)?|!=?|[-+*/%&|^<>=]+|[^\s\w]/g,
  ) ?? [];

const facts = (name: Name, text: string): unknown => {
  const { text: _, ...rest } = parseShader(name, text);
  return JSON.parse(
    JSON.stringify(rest, (key, value: unknown) => (key === "meaning" ? "" : value)),
  ) as unknown;
};

test.each(names)("%s", (name) => {
  expect(tokens(bare[name])).toEqual(tokens(shaders[name]));
  expect(facts(name, bare[name])).toEqual(facts(name, shaders[name]));
});

test("nothing is left that only people read", () => {
  for (const name of names) {
    const comments = bare[name].split("\n").filter((line) => line.includes("//"));
    for (const line of comments)
      expect(line).toMatch(/\/\/ (?:launch|work|knob|stored|value of \w+|bits of)\b/);
  }
  const all = (texts: Record<Name, string>): number =>
    names.reduce((sum, name) => sum + texts[name].length, 0);
  expect(all(bare)).toBeLessThan(0.6 * all(shaders));
});
