// The encoders of texts: both backends, and what fills texts up.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Mode } from "../../src/nn/module.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { encodeTokens } from "../../src/text/encoder/encode-tokens.ts";
import {
  createEncoder,
  type AnyEncoder,
  type EncoderConfiguration,
} from "../../src/text/encoder/encoders.ts";
import { SentenceEncoder } from "../../src/text/encoder/sentence-encoder.ts";
import { paddedTexts, tokenLists } from "../../src/text/encoder/token-lists.ts";
import { useEngine } from "../engines.ts";
import { useLosses } from "../lost-devices.ts";
import { normal } from "../operators/sample.ts";
import { toyTokeniser } from "./toy-pairs.ts";

const bag: EncoderConfiguration = { kind: "bag", vocabulary: 23, width: 10 };
const small: EncoderConfiguration = {
  ...{ kind: "transformer", vocabulary: 23, width: 12, layers: 2, heads: 3, hidden: 20, mostTokens: 24 },
};
const configurations: readonly [string, EncoderConfiguration][] = [
  ["a bag", bag],
  ["a transformer", { ...small, segments: 2 }],
  ["a transformer with weights of words", { ...small, weighted: true }],
  [
    "a transformer with norms first",
    { ...small, normFirst: true, activation: "relu", epsilon: 1e-5, firstPlace: 2 },
  ],
];

/** Random numbers in all parameters, so that no two of them are alike. */
function drawn(engine: Engine, configuration: EncoderConfiguration): AnyEncoder {
  const encoder = createEncoder(engine, new Initialiser(engine, 3), configuration);
  [...encoder.parameters()].forEach(([name, tensor], i) => {
    const { data } = normal(tensor.shape, 30 + i, name.includes("norm") ? 1 : 0, 0.3);
    engine.write(tensor, data);
  });
  return encoder;
}

const texts = tokenLists([[4, 9, 2, 22, 7], [5], [], [1, 1, 3, 8, 8, 13, 21, 2, 6]]);

async function results(encoder: AnyEncoder, length: number, mode: Mode): Promise<readonly HostArray[]> {
  const { engine } = encoder;
  const { tokens, mask } = paddedTexts(texts, [0, 1, 2, 3], length, 0);
  const wrt = [...encoder.parameters().values()];
  using tape = new Tape(engine, wrt);
  const y = encoder.forward(engine.tensor(tokens, [4, length], "u32"), mode, {
    mask: engine.tensor(mask, [4, length]),
  });
  const weighted = sum(multiply(y, engine.tensor(normal(y.shape, 77).data, y.shape)));
  return await Promise.all([y, ...tape.gradients(weighted, wrt)].map((tensor) => tensor.read()));
}

function expectClose(found: readonly HostArray[], expected: readonly HostArray[], within: number): void {
  expect(found.length).toBe(expected.length);
  found.forEach((values, i) => {
    const largest = Math.max(1e-3, ...Array.from(expected[i], Math.abs));
    const error = Math.max(...Array.from(values, (value, at) => Math.abs(value - expected[i][at])));
    expect(error / largest, `result ${i}`).toBeLessThan(within);
  });
}

describe.each(configurations)("%s", (_, configuration) => {
  const gpu = useEngine({ device: "webgpu" });
  const reference = useEngine({ device: "reference" });

  test("computes what the reference does, forward and every gradient, with dropout too", async () => {
    for (const mode of ["inference", "training"] as const) {
      const [found, expected] = await Promise.all(
        [gpu(), reference()].map((engine) => results(drawn(engine, configuration), 11, mode)),
      );
      expectClose(found, expected, 3e-5);
    }
  });

  test("does not see what fills texts up, and makes zeros of a text without tokens", async () => {
    const encoder = drawn(reference(), configuration);
    const [short, long] = [await results(encoder, 9, "inference"), await results(encoder, 24, "inference")];
    expectClose(long, short, 1e-6);
    const { width } = configuration;
    expect(Array.from(short[0].subarray(2 * width, 3 * width))).toEqual(Array<number>(width).fill(0));
    // A text that was cut is the text of its first tokens.
    const cut = await results(encoder, 5, "inference");
    expectClose([cut[0].subarray(0, width)], [short[0].subarray(0, width)], 1e-6);
  });

  test("encodes many texts of any length in their order", async () => {
    const encoder = drawn(gpu(), configuration);
    const many = tokenLists(
      Array.from({ length: 50 }, (_1, i) =>
        Array.from({ length: (7 * i) % 20 }, (_2, t) => (i + 3 * t) % 23),
      ),
    );
    const told: number[] = [];
    const vectors = await encodeTokens(encoder, many, { batch: 7, progress: (done) => told.push(done) });
    expect(told.at(-1)).toBe(50);
    const one = await encodeTokens(
      encoder,
      tokenLists([many.tokens.subarray(many.starts[31], many.starts[32])]),
    );
    const { width } = configuration;
    expectClose([vectors.subarray(31 * width, 32 * width)], [one], 1e-6);
    expect(vectors.subarray(0, width).every((value) => value === 0)).toBe(true);
  });
});

describe("a device that is lost", () => {
  const losses = useLosses();

  test("ends the encoding with its loss, and leaves nothing behind that nobody waits for", async () => {
    const many = tokenLists(Array.from({ length: 60 }, (_, i) => [i % 23, 3, (5 * i) % 23]));
    for (const after of [3, 5, 7]) {
      losses.plan = [after];
      losses.submits.length = 0;
      using engine = await openEngine({ device: "webgpu" });
      const encoder = createEncoder(engine, new Initialiser(engine, 3), bag);
      await expect(encodeTokens(encoder, many, { batch: 4 })).rejects.toThrow("was destroyed");
    }
    // What nobody waits for is told in the next turn, which fails the test.
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
});

describe("texts that cannot be encoded", () => {
  const open = useEngine({ device: "reference" });

  test("a vector that is not finite is told by the name of its text", async () => {
    const encoder = drawn(open(), bag);
    const words = Float32Array.from(await encoder.words.read());
    words[5 * 10] = NaN;
    open().write(encoder.words, words);
    await expect(encodeTokens(encoder, texts, { nameOf: (text) => `text "doc-${text}"` })).rejects.toThrow(
      'text "doc-1": its vector holds numbers that are not finite',
    );
  });

  test("more tokens than there are places are refused, and shapes and types named", () => {
    const engine = open();
    const encoder = createEncoder(engine, new Initialiser(engine, 1), small);
    const tokens = (...shape: number[]) =>
      engine.tensor(new Uint32Array(shape.reduce((a, b) => a * b)), shape, "u32");
    expect(() => encoder.forward(tokens(2, 25), "inference")).toThrow(
      "has positions for 24 tokens, and these texts have 25",
    );
    expect(() => encoder.forward(tokens(4), "inference")).toThrow(
      "takes tokens u32 [batch, tokens], got u32 [4]",
    );
    expect(() => encoder.forward(engine.zeros([2, 3]), "inference")).toThrow("got f32 [2, 3]");
    expect(() => encoder.forward(tokens(2, 3), "inference", { mask: engine.zeros([2, 4]) })).toThrow(
      "TransformerEncoder: mask must be f32 [2, 3] as the tokens, got f32 [2, 4]",
    );
  });

  test("a tokeniser of more tokens than the encoder has rows is refused, with both numbers", () => {
    const engine = open();
    const encoder = createEncoder(engine, new Initialiser(engine, 1), bag);
    expect(() => new SentenceEncoder(encoder, toyTokeniser)).toThrow(
      `the tokeniser has ${toyTokeniser.vocabulary} tokens, and the encoder rows for 23`,
    );
  });

  test("vectors have length 1 unless they are asked for as they are", async () => {
    const engine = open();
    const module = createEncoder(engine, new Initialiser(engine, 1), {
      ...bag,
      vocabulary: toyTokeniser.vocabulary,
    });
    using encoder = new SentenceEncoder(module, toyTokeniser, 4);
    const asked = ["red cat", "", "the object3 and the shade5 is"];
    const units = await encoder.encode(asked);
    const raw = await encoder.encode(asked, { normalise: false });
    const norm = (row: Float32Array): number =>
      Math.sqrt(row.reduce((total, value) => total + value * value, 0));
    expect(norm(units.subarray(0, 10))).toBeCloseTo(1, 6);
    expect(norm(units.subarray(10, 20))).toBe(0);
    expect(raw[3] / norm(raw.subarray(0, 10))).toBeCloseTo(units[3], 6);
    // Behind the fourth token nothing is read.
    expect(await encoder.encode([asked[2].split(" ").slice(0, 4).join(" ")])).toEqual(units.subarray(20));
  });
});
