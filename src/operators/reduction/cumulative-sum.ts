// Running sums along an axis. Long lines with few neighbours are divided into blocks, in two levels.

import type { AdapterTraits } from "../../device/traits.ts";
import type { KernelName } from "../../kernels/built-in-kernels.ts";
import { normaliseAxis, type Shape } from "../../tensor/shape.ts";
import { linesOf, type Lines } from "../lines.ts";
import { expectFloats } from "../operands.ts";
import { input, output, temporary, type Candidate, type Slot } from "../operator.ts";
import type { Operator } from "../operator.ts";

export interface CumulativeSumAttributes {
  /** Counted from 0. */
  readonly axis: number;
  /** Whether a number is left out of its own sum. */
  readonly exclusive: boolean;
  /** Whether the sums begin at the end. */
  readonly reverse: boolean;
}

/** A kernel for all passes, the numbers that one of its sums has side by side, and what holds its totals. */
interface Form {
  readonly name: string;
  readonly kernel: Extract<KernelName, "cumulativeSum" | "cumulativeSumVectors" | "cumulativeSumRows">;
  readonly element?: "f32" | "vec4f";
  /** What `inner` is divided by. */
  readonly lanes: number;
  /** Copies of each total: four where they are read and written in fours. */
  readonly copies: number;
}

const elements: Form = { name: "elements", kernel: "cumulativeSum", element: "f32", lanes: 1, copies: 1 };
const vectors: Form = { name: "vectors", kernel: "cumulativeSum", element: "vec4f", lanes: 4, copies: 1 };
const fours: Form = { name: "fours", kernel: "cumulativeSumVectors", lanes: 1, copies: 4 };
const rows: Form = { name: "rows", kernel: "cumulativeSumRows", lanes: 1, copies: 1 };

/** The launches of a form, in blocks of that many numbers. */
function inBlocks(
  { name, kernel, element, lanes, copies }: Form,
  lines: Lines,
  { exclusive, reverse }: CumulativeSumAttributes,
  block: number,
): Candidate {
  const { outer, length } = lines;
  const inner = lines.inner / lanes;
  const Element = element === undefined ? {} : { Element: element };
  const blocks = Math.ceil(length / block);
  const sizes = { outer, length, inner, block, exclusive: Number(exclusive), reverse: Number(reverse) };
  const bind = (x: Slot, before: Slot, y: Slot) => ({ x, before, y });
  if (blocks === 1) {
    const knobs = { PASS: "lines", ...Element };
    // Where nothing lies before a block, x serves for the binding and is not read.
    return { name, launches: [{ kernel, knobs, bind: bind(input(0), input(0), output(0)), sizes }] };
  }
  const [totals, before] = [temporary(0), temporary(1)];
  const wide = lines.inner * copies;
  const table = { shape: [outer, blocks, wide], dtype: "f32" } as const;
  const isWide = wide % 4 === 0;
  return {
    name,
    temporaries: [table, table],
    launches: [
      { kernel, knobs: { PASS: "totals", ...Element }, bind: bind(input(0), input(0), totals), sizes },
      {
        kernel: "cumulativeSum",
        knobs: { PASS: "lines", Element: isWide ? "vec4f" : "f32" },
        bind: bind(totals, totals, before),
        sizes: {
          ...{ outer, length: blocks, inner: isWide ? wide / 4 : wide, block: blocks },
          ...{ exclusive: 1, reverse: 0 },
        },
      },
      { kernel, knobs: { PASS: "blocks", ...Element }, bind: bind(input(0), before, output(0)), sizes },
    ],
  };
}

/** Numbers of the shortest block of an invocation, and of that of a workgroup. */
const [shortest, shortestOfGroup] = [128, 2048];

/**
 * Numbers of a block: as many blocks as keep the device busy, but not more than are numbers in one, for the totals are added
 * up one after the other. A GPU's number is reasoned, not measured on one.
 */
function blockOf({ outer, length, inner }: Lines, wanted: number, least: number): number {
  const blocks = Math.min(
    Math.ceil(wanted / (outer * inner)),
    Math.ceil(length / least),
    Math.ceil(Math.sqrt(length)),
  );
  return 4 * Math.ceil(length / blocks / 4);
}

function candidatesOf(
  lines: Lines,
  attributes: CumulativeSumAttributes,
  adapter: AdapterTraits,
): Candidate[] {
  const { isSoftware } = adapter;
  const { length, inner } = lines;
  const form = inner % 4 === 0 ? vectors : elements;
  // One invocation for each line: the definition, in a fixed order.
  const direct = { ...inBlocks(elements, lines, attributes, length), name: "direct" };
  const invocations = isSoftware ? 256 : 16384;
  const block = blockOf(lines, invocations * form.lanes, shortest);
  const found = [direct, inBlocks(form, lines, attributes, block)];
  if (inner > 1) return found;
  const ofGroups = inBlocks(rows, lines, attributes, blockOf(lines, isSoftware ? 8 : 512, shortestOfGroup));
  const inFours = length % 4 === 0 ? [inBlocks(fours, lines, attributes, block)] : [];
  // Short rows side by side leave most of a workgroup idle.
  const isShort = length < 64;
  if (isSoftware)
    return inFours.length > 0 ? [...found, ofGroups, ...inFours] : [direct, ofGroups, ...found.slice(1)];
  return isShort ? [direct, ofGroups, ...inFours, ...found.slice(1)] : [...found, ...inFours, ofGroups];
}

const axisOf = (shape: Shape, axis: number): number => normaliseAxis("cumulativeSum", shape, axis);

/**
 * Input x f32, output of its shape: each number is the sum of those up to it along the axis, or of those before it
 * (exclusive), counted from the start or from the end (reverse).
 */
export const cumulativeSum: Operator<CumulativeSumAttributes> = {
  name: "cumulativeSum",
  infer(inputs, { axis }) {
    expectFloats("cumulativeSum", inputs, ["x"]);
    axisOf(inputs[0].shape, axis);
    return [inputs[0]];
  },
  reference([x], [y], { axis, exclusive, reverse }) {
    const { outer, length, inner } = linesOf(x.shape, axisOf(x.shape, axis));
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let step = 0; step < length; step++) {
          const at = (o * length + (reverse ? length - 1 - step : step)) * inner + i;
          const next = sum + x.data[at];
          y.data[at] = exclusive ? sum : next;
          sum = next;
        }
      }
    }
  },
  candidates([{ shape }], attributes, adapter) {
    return candidatesOf(linesOf(shape, axisOf(shape, attributes.axis)), attributes, adapter);
  },
};
