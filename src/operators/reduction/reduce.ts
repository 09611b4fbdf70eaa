// Sums, means and maxima over axes. All share one shader; long reductions with few results take several launches.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { Choice } from "../../kernels/built-in-kernels.ts";
import {
  input,
  output,
  temporary,
  type Candidate,
  type Launch,
  type Operator,
  type Slot,
} from "../operator.ts";
import {
  collapse,
  normaliseAxes,
  showShape,
  sizeOf,
  stridesOf,
  type Shape,
  type TensorSpec,
} from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { eachRun, fourLanes, type StridedIteration } from "../strided-iteration.ts";

export interface ReductionAttributes {
  /** Axes to reduce over, all different, counted from 0. None leaves the values as they are. */
  readonly axes: readonly number[];
  /** Whether reduced axes stay with extent 1. */
  readonly keepDimensions: boolean;
}

/** The functions, by the names they have in shaders/reduce.wgsl. */
type Operation = Choice<"reduce", "OPERATION">;

interface Definition {
  readonly name: string;
  readonly operation: Operation;
  /** What the combined values are multiplied with, from their number. */
  readonly factor: (length: number) => number;
}

/** The walks over the kept and the reduced axes of a row-major tensor. */
interface Plan {
  readonly kept: StridedIteration;
  readonly reduced: StridedIteration;
  /** Results. */
  readonly outputs: number;
  /** Elements behind one result. */
  readonly length: number;
}

function planOf(shape: Shape, axes: readonly number[]): Plan {
  const strides = stridesOf(shape);
  const iteration = (wanted: boolean): StridedIteration => {
    const chosen = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === wanted);
    return collapse(
      chosen.map((axis) => shape[axis]),
      [chosen.map((axis) => strides[axis])],
    );
  };
  const kept = iteration(false);
  const reduced = iteration(true);
  return { kept, reduced, outputs: sizeOf(kept.extents), length: sizeOf(reduced.extents) };
}

/** How a launch divides each reduction into chunks. */
interface Division {
  readonly chunks: number;
  /** Whether the elements of the chunks take turns, so that neighbouring invocations read neighbours. */
  readonly interleaved: boolean;
}

// With blocks of 4 a sum of 65,536 x 16 was 3 times slower on lavapipe (2026).
const shortestBlock = 64;

const whole: Division = { chunks: 1, interleaved: false };

function launch(
  operation: Operation,
  factor: number,
  { kept, reduced, outputs, length }: Plan,
  { chunks, interleaved }: Division,
  x: Slot,
  y: Slot,
): Launch {
  const chunkLength = Math.ceil(length / chunks);
  return {
    kernel: "reduce",
    knobs: { OPERATION: operation },
    bind: { x, y },
    sizes: {
      outputs,
      chunks,
      length,
      chunkStride: interleaved ? 1 : chunkLength,
      elementStride: interleaved ? chunks : 1,
      // Three levels of blocks, each as long as the next; a block costs divisions when it starts.
      block: Math.max(shortestBlock, Math.ceil(Math.cbrt(chunkLength))),
      factor,
      keptExtents: fourLanes(kept.extents, 1),
      keptStrides: fourLanes(kept.strides[0]),
      reducedExtents: fourLanes(reduced.extents, 1),
      reducedStrides: fourLanes(reduced.strides[0]),
    },
  };
}

// Enough invocations to fill a large GPU, each with enough elements to be worth its start. Reasoned, not measured on
// one; on lavapipe chunks of 64, 256 and 1024 differ less than two runs of the same (2026).
const wantedInvocations = 65536;
const shortestChunk = 64;
const longestReduction = 512;

/** How to divide a reduction that one invocation per result would be too slow for. */
function divisionOf({ reduced, outputs, length }: Plan): Division | undefined {
  if (length <= longestReduction) return undefined;
  const wanted = Math.min(Math.ceil(length / shortestChunk), Math.floor(wantedInvocations / outputs));
  if (wanted < 4) return undefined;
  const interleaved = reduced.extents.length === 1 && reduced.strides[0][0] === 1;
  // Rounded so that no chunk is empty.
  const chunks = interleaved ? wanted : Math.ceil(length / Math.ceil(length / wanted));
  return { chunks, interleaved };
}

/** Reduces chunks, then their results, and so on until one invocation per result will do. */
function split(operation: Operation, factor: number, plan: Plan): Candidate {
  const temporaries: TensorSpec[] = [];
  const launches: Launch[] = [];
  let current = plan;
  let from = input(0);
  for (let next = divisionOf(current); next !== undefined; next = divisionOf(current)) {
    const to = temporary(temporaries.length);
    launches.push(launch(operation, 1, current, next, from, to));
    const { outputs } = current;
    const shape = next.interleaved ? [outputs, next.chunks] : [next.chunks, outputs];
    temporaries.push({ shape, dtype: "f32" });
    current = planOf(shape, [next.interleaved ? 1 : 0]);
    from = to;
  }
  launches.push(launch(operation, factor, current, whole, from, output(0)));
  return { name: "split", temporaries, launches };
}

/**
 * Results from which on one invocation for each keeps the device busy: 4 workgroups on 2 cores of lavapipe, where
 * splitting 65,536 x 16 elements gained nothing beyond (2026); a few per core of a large GPU.
 */
function enoughResults({ isSoftware }: AdapterTraits): number {
  return isSoftware ? 256 : 16384;
}

function reduction({ name, operation, factor }: Definition): Operator<ReductionAttributes> {
  return {
    name,
    infer(inputs, { axes, keepDimensions }) {
      expectFloats(name, inputs, ["x"]);
      const [{ shape }] = inputs;
      if (axes.some((axis) => !Number.isInteger(axis) || axis < 0)) {
        throw new ShapeError(`${name}: axes ${showShape(axes)} must be whole numbers from 0`);
      }
      const reduced = normaliseAxes(name, shape, axes);
      const kept = keepDimensions
        ? shape.map((extent, axis) => (reduced.includes(axis) ? 1 : extent))
        : shape.filter((_, axis) => !reduced.includes(axis));
      return [{ shape: kept, dtype: "f32" }];
    },
    reference([x], [y], attributes) {
      const axes = normaliseAxes(name, x.shape, attributes.axes);
      // Through x in the order of its memory; y stands still along reduced axes.
      const results = stridesOf(x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)));
      const iteration = collapse(x.shape, [
        stridesOf(x.shape),
        results.map((stride, axis) => (axes.includes(axis) ? 0 : stride)),
      ]);
      const length = iteration.extents.at(-1) ?? 1;
      const step = iteration.strides[1].at(-1) ?? 0;
      const combine = (result: number, value: number): number =>
        operation === "sum" ? result + value : Math.max(result, value);
      y.data.fill(operation === "sum" ? 0 : -Infinity);
      eachRun(iteration, ([from, to]) => {
        if (step === 0) {
          let result = y.data[to];
          for (let i = 0; i < length; i++) result = combine(result, x.data[from + i]);
          y.data[to] = result;
        } else {
          for (let i = 0; i < length; i++) {
            y.data[to + i * step] = combine(y.data[to + i * step], x.data[from + i]);
          }
        }
      });
      const scale = factor(x.data.length / y.data.length);
      if (scale !== 1) for (let i = 0; i < y.data.length; i++) y.data[i] *= scale;
    },
    candidates([x], attributes, adapter) {
      const plan = planOf(x.shape, normaliseAxes(name, x.shape, attributes.axes));
      const scale = factor(plan.length);
      const direct: Candidate = {
        name: "direct",
        launches: [launch(operation, scale, plan, whole, input(0), output(0))],
      };
      if (plan.outputs >= enoughResults(adapter) || divisionOf(plan) === undefined) return [direct];
      return [direct, split(operation, scale, plan)];
    },
  };
}

export const sum = reduction({ name: "sum", operation: "sum", factor: () => 1 });
export const mean = reduction({ name: "mean", operation: "sum", factor: (length) => 1 / length });
export const max = reduction({ name: "max", operation: "maximum", factor: () => 1 });
