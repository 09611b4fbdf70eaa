// BERT, RoBERTa and XLM-R with random weights: vectors and gradients against PyTorch's. scripts/encoder-vectors.py makes the folders;
// ENCODER_FOLDERS names others.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { openFolder } from "../../src/text/encoder/encoder-folder.ts";
import { pretrainedWeights } from "../../src/text/encoder/pretrained-weights.ts";
import { TransformerEncoder } from "../../src/text/encoder/transformer-encoder.ts";
import type { HeldTensor } from "../../src/tensor/held.ts";
import { useEngine } from "../engines.ts";

interface Case {
  readonly case: string;
  readonly tokens: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
  readonly vectors: readonly (readonly number[])[];
  readonly upstream?: readonly (readonly number[])[];
  readonly gradients?: Readonly<Record<string, string>>;
}

const root = process.env["ENCODER_FOLDERS"] ?? fileURLToPath(new URL("folders", import.meta.url));
const casesOf = (kind: string): readonly Case[] =>
  JSON.parse(readFileSync(join(root, kind, "expected.json"), "utf8")) as readonly Case[];

const furthest = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(found.length).toBe(expected.length);
  return Math.max(...Array.from(found, (value, i) => Math.abs(value - expected[i])));
};

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });
  // The reference computes in float64 from the same weights.
  const bound = device === "webgpu" ? 1e-4 : 2e-6;

  test.each(["bert", "roberta", "xlm-roberta"])("%s: vectors and gradients are PyTorch's", async (kind) => {
    const engine = open();
    const { encoder, leftOver } = await openFolder(engine, join(root, kind));
    expect(leftOver.length).toBeGreaterThan(0);
    const { module } = encoder;
    if (!(module instanceof TransformerEncoder)) throw new Error("is no transformer");
    for (const each of casesOf(kind)) {
      const shape = [each.tokens.length, each.tokens[0].length];
      const tokens = engine.tensor(Uint32Array.from(each.tokens.flat()), shape, "u32");
      const mask = engine.tensor(Float32Array.from(each.mask.flat()), shape);
      using tape = new Tape(engine, [...module.parameters().values()]);
      const found = module.forward(tokens, "inference", { mask });
      expect(furthest(await found.read(), each.vectors.flat()), each.case).toBeLessThan(bound);
      if (each.upstream === undefined || each.gradients === undefined) continue;
      const upstream = engine.tensor(Float32Array.from(each.upstream.flat()), found.shape);
      const parameters = module.parameters();
      const gradients = tape.gradients(sum(multiply(found, upstream)), [...parameters.values()]);
      const expected = pretrainedWeights(
        "gradients",
        new Map(Object.entries(each.gradients).map(([name, text]) => [name, stored(name, text)])),
        module.configuration,
        parameters,
      );
      for (const [i, name] of [...parameters.keys()].entries()) {
        const want = Float32Array.from(expected.weights.get(name)?.data ?? []);
        // No gradient reaches the row of the padding here; PyTorch's plain lookup gives it what no token has: nothing.
        const largest = Math.max(1, ...Array.from(want, Math.abs));
        expect(furthest(await gradients[i].read(), want) / largest, `gradient of ${name}`).toBeLessThan(
          bound,
        );
      }

      function stored(name: string, text: string): HeldTensor {
        const bytes = Uint8Array.from(Buffer.from(text, "base64"));
        const data = new Float32Array(bytes.buffer);
        const { width, hidden } = module.configuration as { width: number; hidden: number };
        const columns = name.endsWith(".output.dense.weight") && !name.includes("attention") ? hidden : width;
        const isMatrix = name.endsWith(".weight") && !name.includes("LayerNorm");
        return { data, shape: isMatrix ? [data.length / columns, columns] : [data.length] };
      }
    }
    encoder.dispose();
  });
});
