// What a module says of many rows, a batch at a time: for judging tasks whose data stays on the device.

import { aFunction, anything, expectArgument, expectOptions, wholeFrom } from "../errors/arguments.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import type { HostArray } from "../tensor/host.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { JudgeOptions } from "./task.ts";

/**
 * Computes values of `count` rows in batches, in order.
 *
 * @param compute f32 [B, ...] of the rows u32 [B] that it is given, such as those that `takeRows` takes of images
 * @returns the values of all batches, one after the other
 * @throws the signal's reason when it ended the work
 */
export async function batchedOutputs(
  engine: Engine,
  count: number,
  batch: number,
  compute: (rows: Tensor) => Tensor,
  options: JudgeOptions = {},
): Promise<Float32Array> {
  expectEngine("batchedOutputs", engine);
  expectArgument("batchedOutputs", "the number of rows", count, wholeFrom(0));
  expectArgument("batchedOutputs", "the batch", batch, wholeFrom(1));
  expectArgument("batchedOutputs", "what computes", compute, aFunction);
  expectOptions<JudgeOptions>("batchedOutputs", options, { signal: anything, progress: aFunction });
  const { signal, progress } = options;
  const parts: HostArray[] = [];
  for (let first = 0; first < count; first += batch) {
    signal?.throwIfAborted();
    const rows = Uint32Array.from({ length: Math.min(batch, count - first) }, (_, i) => first + i);
    using values = engine.scope(() => compute(engine.tensor(rows, [rows.length], "u32")));
    expectTensor("batchedOutputs: what compute returns", 0, 1, values);
    parts.push(await values.read());
    progress?.(first + rows.length, count);
  }
  const outputs = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    outputs.set(part, at);
    at += part.length;
  }
  return outputs;
}
