// What a network makes of a batch in training: features, gradients and statistics, to compare networks and backends.

import { valueAndGradients } from "../../src/autograd/functions.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import type { Mode, Module } from "../../src/nn/module.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { normal } from "../operators/sample.ts";

export interface Outcome {
  readonly features: HostArray;
  readonly gradients: Map<string, HostArray>;
  readonly state: Map<string, HostArray>;
}

/** Gradients are those of a sum of the features with weights of their own. */
export async function outcomeOf(net: Module, images: Tensor, mode: Mode): Promise<Outcome> {
  const parameters = net.parameters();
  let features: Tensor | undefined;
  const { gradients } = valueAndGradients(() => {
    features = net.engine.keep(net.forward(images, mode));
    const { shape } = features;
    return sum(multiply(features, net.engine.tensor(normal(shape, 3).data, shape)));
  }, [...parameters.values()]);
  const read = async (entries: Iterable<readonly [string, Tensor]>): Promise<Map<string, HostArray>> => {
    const found = new Map<string, HostArray>();
    for (const [name, tensor] of entries) found.set(name, await tensor.read());
    return found;
  };
  return {
    features: (await features?.read()) ?? new Float32Array(),
    gradients: await read([...parameters.keys()].map((name, i) => [name, gradients[i]])),
    state: await read([...net.state()].map(([name, { tensor }]) => [name, tensor])),
  };
}
