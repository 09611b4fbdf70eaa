// Whether both views of a step go through the network as one batch, or one after the other: the one place where that is chosen.

import { largestBinding } from "../../device/traits.ts";
import type { Engine } from "../../runtime/engine.ts";
import { bytesOf } from "../../runtime/webgpu/buffers.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { StepSettings } from "../assemble-step.ts";

export interface ViewsChoice {
  readonly atOnce: boolean;
  /** Why not, for people to read. */
  readonly why?: string;
}

/**
 * One batch of both views takes half the launches, and buffers of activations twice as large: it is chosen wherever a buffer of the
 * engine's adapter holds them. Joint statistics have no other form.
 *
 * @param step a step with both views as one batch; it is looked at, and nothing of it is computed
 */
export function bothAtOnce(
  engine: Engine,
  { bnViews }: { readonly bnViews?: StepSettings["bnViews"] | undefined },
  step: () => Tensor,
): ViewsChoice {
  const { name } = engine.traits;
  const most = largestBinding(engine.traits);
  if (bnViews === "joint" || most === Infinity) return { atOnce: true };
  const needed = largestBuffer(engine, step, most);
  if (needed <= most) return { atOnce: true };
  const words = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MiB`;
  return {
    atOnce: false,
    why: `as one batch they need a buffer of ${words(needed)}, and one holds ${words(most)} on ${name}`,
  };
}

/**
 * The largest buffer that a step needs, in bytes: a tensor, or scratch space of an operator of which no form has enough with `most`
 * bytes.
 */
function largestBuffer(engine: Engine, step: () => Tensor, most: number): number {
  const { recording, result } = engine.trace(step);
  result.dispose();
  recording.release();
  const { choice } = engine.backend;
  let largest = 0;
  for (const { operator, inputs, outputs, attributes } of recording.calls) {
    for (const { spec } of outputs) largest = Math.max(largest, bytesOf(spec));
    if (choice === undefined || operator.aliases === true) continue;
    const scratch = choice
      .candidatesOf(operator, inputs, attributes as never)
      .map(({ temporaries = [] }) => Math.max(0, ...temporaries.map(bytesOf)));
    const least = Math.min(...scratch);
    if (least > most) largest = Math.max(largest, least);
  }
  return largest;
}
