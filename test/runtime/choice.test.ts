// Which candidate runs: a name, a preference, the tuning, the rule, in this order.

import { describe, expect, test } from "vitest";
import { KernelError } from "../../src/errors/errors.ts";
import { CandidateChoice, workKey } from "../../src/runtime/webgpu/choice.ts";
import { input, output, type Launch, type Operator } from "../../src/operators/operator.ts";

const traits = {
  ...{ name: "made up", vendor: "", architecture: "", description: "", isSoftware: true },
  ...{ features: new Set<string>(), subgroupSize: { minimum: 0, maximum: 0 } },
  ...{ maxWorkgroupsPerDimension: 65535, maxInvocationsPerWorkgroup: 256 },
  ...{ maxStorageBuffers: 16, maxBindingBytes: 2 ** 27, maxBufferBytes: 2 ** 28 },
};

const bind = { x: input(0), y: output(0) };
const launch: Launch = { kernel: "unary", bind, sizes: { count: 1, first: 0, second: 0 } };

/** Has "fours" only where the count is a multiple of four. */
const operator: Operator<{ readonly keep: boolean }> = {
  name: "thing",
  infer: (inputs) => inputs,
  reference: () => undefined,
  candidates: ([{ shape }]) =>
    ["naive", ...(shape[0] % 4 === 0 ? ["fours"] : []), "rule"].map((name) => ({ name, launches: [launch] })),
};
const spec = (count: number) => [{ shape: [count], dtype: "f32" }] as const;
const chosen = (choice: CandidateChoice, count = 8): string =>
  choice.choose(operator, spec(count), { keep: true }).name;

describe("the choice of a candidate", () => {
  const key = workKey("thing", spec(8), { keep: true });

  test("is the rule's, unless the tuning has the very same work", () => {
    expect(chosen(new CandidateChoice(traits))).toBe("rule");
    const tuned = new CandidateChoice(traits, {}, { [key]: "fours" });
    expect(chosen(tuned)).toBe("fours");
    expect(chosen(tuned, 12)).toBe("rule");
    expect(tuned.choose(operator, spec(8), { keep: false }).name).toBe("rule");
  });

  test("a tuned name that there is no more leaves it to the rule", () => {
    expect(chosen(new CandidateChoice(traits, {}, { [key]: "gone" }))).toBe("rule");
  });

  test("a preference wins over the tuning wherever the operator has it", () => {
    const choice = new CandidateChoice(traits, {}, { [key]: "naive" });
    choice.whereAvailable.set("thing", "fours");
    expect(chosen(choice)).toBe("fours");
    expect(chosen(choice, 7)).toBe("rule");
    choice.whereAvailable.set("thing", "first");
    expect(chosen(choice)).toBe("naive");
    choice.whereAvailable.clear();
    choice.whereAvailable.set("*", "fours");
    expect(chosen(choice)).toBe("fours");
  });

  test("a name wins over everything, and must exist", () => {
    const choice = new CandidateChoice(traits, { thing: "rule" }, { [key]: "naive" });
    choice.whereAvailable.set("thing", "fours");
    expect(chosen(choice)).toBe("rule");
    choice.forced.set("thing", "fours");
    expect(() => chosen(choice, 7)).toThrow(KernelError);
    expect(chosen(new CandidateChoice(traits, { "*": "first" }))).toBe("naive");
  });
});
