// The rows that a softmax runs along, the mask that is added to them, and the launches of softmax and its gradient.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import {
  broadcastStrides,
  collapse,
  equalShapes,
  broadcastShapes,
  showShape,
  sizeOf,
  stridesOf,
  type Shape,
  type TensorSpec,
} from "../../tensor/shape.ts";
import { temporary, type Candidate, type Launch, type Slot } from "../operator.ts";
import { showSpecs } from "../operands.ts";
import { hasSubgroupsOfEight } from "../matmul/shapes.ts";
import { lanesOf } from "../normalisation/norm-rows.ts";
import {
  byElement,
  eightLanes,
  fourLanes,
  type Element,
  type StridedIteration,
} from "../strided-iteration.ts";

/** Rows of neighbouring numbers. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
}

/** The rows of a tensor along its last axis. */
export function rowsAlong({ shape }: Pick<TensorSpec, "shape">): Rows {
  const columns = shape.at(-1) ?? 1;
  return { rows: sizeOf(shape) / columns, columns };
}

/**
 * Checks x and, where there is one, the mask that is added to it.
 * @throws ShapeError naming the operator
 */
export function expectRows(operator: string, inputs: readonly TensorSpec[]): void {
  const [x, mask] = inputs as readonly (TensorSpec | undefined)[];
  if (x === undefined || inputs.length > 2 || inputs.some(({ dtype }) => dtype !== "f32")) {
    throw new ShapeError(`${operator}: takes one or two f32 tensors (x, mask), got ${showSpecs(inputs)}`);
  }
  if (x.shape.length === 0) throw new ShapeError(`${operator}: x [] must have an axis to run along`);
  if (mask === undefined) return;
  if (!equalShapes(broadcastShapes(operator, x.shape, mask.shape), x.shape)) {
    throw new ShapeError(
      `${operator}: the mask ${showShape(mask.shape)} does not repeat to the shape of x, ${showShape(x.shape)}`,
    );
  }
}

/** What is added to the rows of x: where the mask lies, and how its rows repeat. */
export interface MaskRows {
  /** Extents of the rows, outermost first, and the strides of the mask along them, in elements. */
  readonly iteration: StridedIteration;
  /** The launch that lays out a mask in full, where its own rows are not as long as those of x or repeat in too many ways. */
  readonly layOut?: (mask: Slot, to: Slot) => Launch;
}

/** How a mask repeats over the rows of x. */
export function maskRowsOf(mask: Shape, x: Shape): MaskRows {
  const strides = broadcastStrides(mask, x);
  const columns = x.at(-1) ?? 1;
  const outer = x.slice(0, -1);
  const iteration = collapse(outer, [strides.slice(0, -1)]);
  const isWhole = columns === 1 || strides.at(-1) === 1;
  if (isWhole && iteration.extents.length <= 4) return { iteration };
  const copy = collapse(x, [strides, stridesOf(x)]);
  return {
    iteration: { extents: [sizeOf(outer)], strides: [[columns]] },
    layOut: (from, to) => ({
      kernel: "stridedCopy",
      knobs: { RANK: copy.extents.length },
      bind: { x: from, y: to },
      sizes: {
        count: sizeOf(x),
        xStart: 0,
        yStart: 0,
        extents: eightLanes(copy.extents, 1),
        xStrides: eightLanes(copy.strides[0]),
        yStrides: eightLanes(copy.strides[1]),
      },
    }),
  };
}

/** One way to walk rows. */
interface Walk {
  readonly name: string;
  readonly Element: Element;
  /** Columns, in Elements. */
  readonly steps: number;
  /** The knobs of the kernels that keep a row in the registers of a subgroup. */
  readonly registers?: { readonly KEPT: number; readonly BLOCKS: number };
  /** Invocations that share a row through workgroup memory, and those of a workgroup. */
  readonly lanes?: { readonly LANES: number; readonly WIDTH: number };
}

/** Elements that a lane keeps in one block, at most: lavapipe unrolls no longer loop. */
const mostKept = 8;
/** Blocks of a row that the kernels have room for. */
const mostBlocks = 4;

/**
 * The candidates for rows: an invocation for each, by number or in fours; a workgroup, or a part of one, that shares a row, with
 * neighbours reading neighbours, for GPUs; or a subgroup for each, where it can hold one. On lavapipe (2 cores, 2026) the subgroup
 * takes .6 of the time of an invocation a row at 128 columns, and .85 to .95 at 1,000, the most that it holds.
 */
export function rowCandidates(
  columns: number,
  adapter: AdapterTraits,
  make: (walk: Walk) => Candidate,
): readonly Candidate[] {
  const alone = byElement(columns, (name, Element, steps) => make({ name, Element, steps }));
  const Element = columns % 4 === 0 ? "vec4f" : "f32";
  const steps = columns % 4 === 0 ? columns / 4 : columns;
  const shared = make({ name: "workgroups", Element, steps, lanes: lanesOf(steps) });
  const wanted = Math.ceil(steps / 8);
  // Powers of two, for each is a pipeline of its own.
  const KEPT = Math.min(2 ** Math.ceil(Math.log2(wanted)), mostKept);
  const BLOCKS = Math.ceil(wanted / KEPT);
  const holds = BLOCKS <= mostBlocks && hasSubgroupsOfEight(adapter);
  const held = holds ? [make({ name: "subgroups", Element, steps, registers: { KEPT, BLOCKS } })] : [];
  const [first, ...others] = alone;
  // A GPU would leave most lanes of a subgroup idle.
  if (!adapter.isSoftware) return [first, ...others, ...held, shared];
  if (held.length > 0) return [first, shared, ...others, ...held];
  return others.length === 0 ? [shared, first] : [first, shared, ...others];
}

/** What a softmax is taken of: scale * x + mask. */
export interface SoftmaxOf extends Rows {
  /** Factor of x. */
  readonly scale: number;
  readonly mask?: MaskRows | undefined;
  /** Whether the logarithm is wanted. */
  readonly logarithm: boolean;
}

/**
 * The kernels of a softmax, for any operator that has one among its launches. They ask for a temporary where the mask has to
 * be laid out; its number is `firstTemporary`. Without a mask the shaders' binding still wants a buffer: x serves, and is not
 * read.
 */
export function softmaxCandidates(
  { rows, columns, scale, mask, logarithm: LOG }: SoftmaxOf,
  slots: { readonly x: Slot; readonly mask?: Slot | undefined; readonly y: Slot },
  adapter: AdapterTraits,
  firstTemporary = 0,
): readonly Candidate[] {
  const { layOut, iteration } = mask ?? { iteration: { extents: [1], strides: [[0]] } };
  const given = slots.mask ?? slots.x;
  const laidOut = layOut === undefined ? given : temporary(firstTemporary);
  const before = layOut === undefined ? [] : [layOut(given, laidOut)];
  const temporaries: TensorSpec[] = layOut === undefined ? [] : [{ shape: [rows, columns], dtype: "f32" }];
  const bind = { x: slots.x, mask: laidOut, y: slots.y };
  const MASK = mask !== undefined;
  // Rows of the mask begin at multiples of their length, which is that of x's, so that they are in fours where these are.
  return rowCandidates(columns, adapter, ({ name, Element, steps, registers, lanes }): Candidate => {
    const VALUES = columns / steps;
    const sizes = {
      rows,
      columns: steps,
      scale,
      maskExtents: fourLanes(iteration.extents, 1),
      maskStrides: fourLanes(iteration.strides[0].map((stride) => stride / VALUES)),
    };
    const knobs = { Element, VALUES, MASK, LOG };
    const launch: Launch =
      registers === undefined
        ? { kernel: "softmax", knobs: { ...knobs, ...lanes }, bind, sizes }
        : { kernel: "softmaxSubgroups", knobs: { ...knobs, ...registers }, bind, sizes };
    return { name, temporaries, launches: [...before, launch] };
  });
}

/** The kernels of its gradient, from y and dy to dx = scale times the gradient of what the softmax was taken of. */
export function softmaxGradientCandidates(
  { rows, columns, scale, logarithm: LOG }: Omit<SoftmaxOf, "mask">,
  { y, dy, dx }: { readonly y: Slot; readonly dy: Slot; readonly dx: Slot },
  adapter: AdapterTraits,
): readonly Candidate[] {
  const bind = { y, dy, dx };
  return rowCandidates(columns, adapter, ({ name, Element, steps, registers, lanes }): Candidate => {
    const knobs = { Element, VALUES: columns / steps, LOG };
    const sizes = { rows, columns: steps, scale };
    const launch: Launch =
      registers === undefined
        ? { kernel: "softmaxGradient", knobs: { ...knobs, ...lanes }, bind, sizes }
        : { kernel: "softmaxGradientSubgroups", knobs: { ...knobs, ...registers }, bind, sizes };
    return { name, launches: [launch] };
  });
}
