// What an operator computes on an engine; also for runtimes without a test runner.

import { updatesOf, type Operator } from "../../src/operators/operator.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Sample } from "./sample.ts";

/** What an operator leaves behind on an engine: its outputs, then the inputs it updates. */
export async function results(
  engine: Engine,
  operator: Operator<unknown>,
  sample: Sample<unknown>,
): Promise<HostArray[]> {
  const inputs = sample.inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
  const outputs = engine.run(operator, inputs, sample.attributes);
  const updated = updatesOf(operator, inputs.length).map((index) => inputs[index]);
  const read = await Promise.all(
    [...outputs, ...updated].map((tensor) => tensor?.read() ?? new Float32Array()),
  );
  for (const tensor of [...inputs, ...outputs]) tensor.dispose();
  return read;
}
