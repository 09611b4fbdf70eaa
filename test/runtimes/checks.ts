// What is checked of a runtime other than Node: its kernels against the reference, and ten steps of training. Bundled into one
// module, which neither Node nor a test runner is there for.

import "../../src/index.ts";
export { openEngine } from "../../src/runtime/open-engine.ts";
import { softmaxCrossEntropy } from "../../src/functions/losses.ts";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { DenseNet } from "../../src/nn/densenet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { Adam } from "../../src/optim/adam.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { magnitudesOf, worstError } from "../operators/magnitudes.ts";
import { results } from "../operators/results.ts";
import { isInHalves, type Sample } from "../operators/sample.ts";
import { samples } from "../operators/samples.ts";

export interface Checked {
  readonly adapter: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly candidates: number;
  /** One line for each candidate that differs or does not run. */
  readonly wrong: readonly string[];
  readonly losses: readonly number[];
  readonly seconds: { readonly parity: number; readonly training: number };
}

/** Every `nth` sample of each operator, each of its candidates on this adapter against the reference. */
async function parity(
  backend: WebGpuBackend,
  nth: number,
  tell: (text: string) => void,
): Promise<{ count: number; wrong: string[] }> {
  const engine = new Engine(backend);
  const reference = new Engine(new ReferenceBackend());
  const hasHalves = engine.traits.features.has("shader-f16");
  const wrong: string[] = [];
  let count = 0;
  const names = Object.keys(operators) as OperatorName[];
  for (const [at, name] of names.entries()) {
    const operator = operators[name] as Operator<unknown>;
    const all = (samples[name] as readonly Sample<unknown>[]).filter(
      (sample) => hasHalves || !isInHalves(sample),
    );
    for (const sample of all.filter((_, i) => i % nth === 0)) {
      const expected = await results(reference, operator, sample);
      const magnitudes = magnitudesOf(name, operator, sample);
      const offered = operator.candidates(sample.inputs, sample.attributes, engine.traits);
      for (const candidate of operator.aliases === true ? ["alias"] : offered.map((each) => each.name)) {
        backend.candidates.set(name, candidate);
        count++;
        const where = `${name}, ${sample.name}, ${candidate}`;
        try {
          const found = await results(engine, operator, sample);
          found.forEach((array, i) => {
            const error = worstError(array, expected[i] ?? new Float32Array(), sample, magnitudes?.[i]);
            if (!(error <= 1))
              wrong.push(`${where}: output ${i} is off by ${error.toPrecision(3)} times its bound`);
          });
        } catch (error) {
          wrong.push(`${where}: ${(error as Error).message}`);
        }
      }
      backend.candidates.delete(name);
    }
    tell(`${at + 1} of ${names.length} operators, ${count} candidates, ${wrong.length} wrong`);
  }
  return { count, wrong };
}

/** Losses of ten steps of a small DenseNet on numbers of a fixed kind. */
export async function trainTen(engine: Engine): Promise<number[]> {
  const init = new Initialiser(engine, 3);
  const network = new DenseNet(engine, init, {
    inputChannels: 1,
    stem: { features: 8, kernel: 3, stride: 2, pool: false },
    blocks: [2, 2],
    growth: 4,
    bottleneck: 2,
    compression: 0.5,
  });
  const head = new Linear(engine, init, network.features, 4);
  const parameters = [...network.parameters().values(), ...head.parameters().values()];
  const optimiser = new Adam(parameters, { learningRate: 1e-3 });
  const pixels = Float32Array.from({ length: 16 * 16 * 16 }, (_, i) => Math.sin(i * (1 + (i % 7))));
  const targets = Float32Array.from({ length: 16 * 4 }, (_, i) => (i % 4 === (i >> 2) % 4 ? 1 : 0));
  const program = await engine.record(() => {
    const x = engine.feed(() => pixels, [16, 16, 16, 1]);
    const y = engine.feed(() => targets, [16, 4]);
    const { value, gradients } = valueAndGradients(
      () => softmaxCrossEntropy(head.forward(network.forward(x, "training")), y),
      parameters,
    );
    optimiser.step(gradients);
    return value;
  });
  const losses: number[] = [];
  for (let step = 0; step < 10; step++) {
    program.run();
    losses.push((await program.result.read())[0] ?? NaN);
  }
  return losses;
}

/** @param nth how many samples of an operator count for one: 1 checks all */
export async function check(nth: number, tell: (text: string) => void): Promise<Checked> {
  const gpu = await openGpu();
  const backend = new WebGpuBackend(gpu, {});
  const began = performance.now();
  const { count, wrong } = await parity(backend, nth, tell);
  const between = performance.now();
  const losses = await trainTen(new Engine(backend));
  const { name, description, features } = gpu.traits;
  const seconds = { parity: (between - began) / 1000, training: (performance.now() - between) / 1000 };
  return { adapter: name, description, features: [...features], candidates: count, wrong, losses, seconds };
}
