// The contract between the operators and the engine: what can be computed, and the launches that compute it.

import { described, expectArgument, wholeFrom } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import type { KernelName } from "../kernels/built-in-kernels.ts";
import type { Kernel } from "../kernels/kernel.ts";
import type { Knobs, UniformValues } from "../kernels/source.ts";
import type { HostTensor } from "../tensor/host.ts";
import type { TensorSpec } from "../tensor/shape.ts";
import type { GradientOf } from "./gradient-rule.ts";

/** A buffer of a candidate: one of the operator's inputs or outputs, or scratch space it asks for. */
export type Slot =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "output"; readonly index: number }
  | { readonly kind: "temporary"; readonly index: number };

const slot =
  (kind: Slot["kind"]) =>
  (index: number): Slot => {
    if (!Number.isInteger(index) || index < 0) expectArgument(kind, "its number", index, wholeFrom(0));
    return { kind, index };
  };
export const input = slot("input");
export const output = slot("output");
export const temporary = slot("temporary");

/** One dispatch of a kernel. The number of workgroups follows from the sizes (see `Kernel.workgroups`). */
export interface Launch {
  /** The name of a built-in kernel, or a kernel of one's own: what `kernelOf(text)` gives. */
  readonly kernel: KernelName | Kernel;
  readonly knobs?: Knobs;
  /** A slot for every storage binding of the shader, by the binding's name. */
  readonly bind: Readonly<Record<string, Slot>>;
  /** A value for every member of the shader's uniform struct. */
  readonly sizes: UniformValues;
}

/** One way to lower an operator to kernel launches, in order. Plain data: it can be tested, recorded and replayed. */
export interface Candidate {
  readonly name: string;
  readonly temporaries?: readonly TensorSpec[];
  readonly launches: readonly Launch[];
}

/** What can be computed, on any backend. `A` is the type of its attributes (sizes and switches, never data). */
export interface Operator<A> {
  readonly name: string;

  /**
   * Indices of inputs overwritten in place (optimisers, running statistics), or a function that gives them for an operator
   * with any number (`count`) of inputs. A gradient rule may not read these inputs: by then they hold something else.
   */
  readonly updates?: readonly number[] | ((count: number) => readonly number[]);

  /** True when output 0 is input 0 under another shape: no launch, no copy. */
  readonly aliases?: true;

  /**
   * For an operator that lays its inputs side by side in output 0: the offset of each, in elements. Its candidates then
   * have one launch for each input, in order, and a recorded step computes inputs in their place and leaves the launch out.
   */
  placements?(attributes: A): readonly number[];

  /**
   * The gradient rule of an operator that is not built in, or what is known in its place. Without it the operator is
   * "nondifferentiable". The rules of the built-in ones stand together in a table of the tape, written with other operators.
   */
  readonly gradient?: GradientOf<A>;

  /**
   * The shape rule.
   * @throws ShapeError naming the operator and the shapes that do not fit
   */
  infer(inputs: readonly TensorSpec[], attributes: A): readonly TensorSpec[];

  /**
   * The definition, in float64 with plain loops. Fills `outputs`, which come zeroed and with the inferred specs
   * (f32 as Float64Array); inputs named in `updates` are overwritten.
   */
  reference(inputs: readonly HostTensor[], outputs: readonly HostTensor[], attributes: A): void;

  /**
   * Ways to compute it with kernels. The first works on every adapter. The last is the default for these shapes and this
   * adapter: the engine takes it unless it is told another name.
   */
  candidates(inputs: readonly TensorSpec[], attributes: A, adapter: AdapterTraits): readonly Candidate[];
}

/** The numbers of the inputs that an operator overwrites, of `count` inputs. */
export function updatesOf(operator: Pick<Operator<never>, "updates">, count: number): readonly number[] {
  const updates: unknown = (operator as typeof operator | null | undefined)?.updates ?? [];
  if (typeof updates === "function") return (updates as (count: number) => readonly number[])(count);
  if (Array.isArray(updates) && Boolean(operator)) return updates as readonly number[];
  throw new UsageError(`updatesOf: takes an operator's record, got ${described(operator)}`);
}
