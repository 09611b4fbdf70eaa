// Attention of eight heads over 128 tokens, and its gradients.

import { attention, type Tensor } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { computed, normal, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const [heads, tokens, width] = [8, 128, 64];
const shape = [heads, tokens, width];
const attributes = { scale: 1 / Math.sqrt(width), causal: false };
/** Of the two products. */
const flops = 2 * 2 * heads * tokens * tokens * width;
const title = `${heads} heads, ${tokens} tokens, width ${width}`;
const bound = roundingBound(tokens, 4); // two sums, with an exponential between them

const qkv = (): Promise<HostInput>[] => [1, 2, 3].map((seed) => normal(shape, 150 + seed));
const dy = (): Promise<HostInput> => normal(shape, 154);

export function attentions(): OperatorWork[] {
  return [
    {
      name: "attention",
      title,
      flops,
      bound,
      inputs: () => Promise.all(qkv()),
      body: ([q, k, v]) => [attention(q, k, v)],
      peer: { work: "attention", options: {} },
    },
    {
      name: "attention-forward-backward",
      title: `${title}, and all gradients`,
      flops: 3.5 * flops, // backward five products: the scores once more
      bound,
      inputs: () => Promise.all([...qkv(), dy()]),
      body([q, k, v, gradient], engine) {
        const [y, logSums] = engine.run(operators.attention, [q, k, v], attributes);
        return [y, ...engine.run(operators.attentionGradient, [q, k, v, y, logSums, gradient], attributes)];
      },
      peer: { work: "attentionAndGradients", options: {} },
    },
    {
      name: "attention-gradient",
      title,
      flops: 2.5 * flops,
      bound,
      async inputs() {
        const inputs = await Promise.all(qkv());
        const results = await computed(inputs, (tensors: Tensor[], engine) =>
          engine.run(operators.attention, tensors, attributes),
        );
        return [...inputs, ...results, await dy()];
      },
      body: (tensors, engine) => engine.run(operators.attentionGradient, tensors, attributes),
    },
  ];
}
