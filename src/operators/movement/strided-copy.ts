// Copies between places of two tensors, each walked with its own strides: what most movements come down to.

import { input, output, type Candidate, type Launch } from "../operator.ts";
import { collapse, sizeOf, type Shape } from "../../tensor/shape.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { eachRun, eightLanes, inVectors, type Element, type StridedIteration } from "../strided-iteration.ts";

/** From one of the inputs to one of the outputs, in elements. */
export interface StridedCopy {
  /** The number of the input. */
  readonly from: number;
  /** The number of the output. */
  readonly to: number;
  readonly inputStart: number;
  readonly outputStart: number;
  /** First the strides of the input, then those of the output. */
  readonly iteration: StridedIteration;
}

/** A copy of `extents` elements, the walk merged as far as it goes. */
export function stridedCopy(
  extents: Shape,
  source: { readonly input?: number; readonly start?: number; readonly strides: readonly number[] },
  target: { readonly output?: number; readonly start?: number; readonly strides: readonly number[] },
): StridedCopy {
  return {
    from: source.input ?? 0,
    to: target.output ?? 0,
    inputStart: source.start ?? 0,
    outputStart: target.start ?? 0,
    iteration: collapse(extents, [source.strides, target.strides]),
  };
}

function launch(Element: Element, { from, to, inputStart, outputStart, iteration }: StridedCopy): Launch {
  const { extents, strides } = iteration;
  return {
    kernel: "stridedCopy",
    knobs: { Element, RANK: extents.length },
    bind: { x: input(from), y: output(to) },
    sizes: {
      count: sizeOf(extents),
      xStart: inputStart,
      yStart: outputStart,
      extents: eightLanes(extents, 1),
      xStrides: eightLanes(strides[0]),
      yStrides: eightLanes(strides[1]),
    },
  };
}

function vectorLaunch(copy: StridedCopy): Launch | undefined {
  const iteration = inVectors(copy.iteration);
  if (iteration === undefined || copy.inputStart % 4 !== 0 || copy.outputStart % 4 !== 0) return undefined;
  const { inputStart, outputStart } = copy;
  return launch("vec4f", {
    ...copy,
    inputStart: inputStart / 4,
    outputStart: outputStart / 4,
    iteration,
  });
}

/** Candidates for copies that fill the outputs together: by elements, and by vectors where some of them allow it. */
export function copyCandidates(copies: readonly StridedCopy[]): Candidate[] {
  const elements = copies.map((copy) => launch("f32", copy));
  const vectors = copies.map((copy, i) => vectorLaunch(copy) ?? elements[i]);
  const candidates = [{ name: "elements", launches: elements }];
  if (vectors.some((each, i) => each !== elements[i]))
    candidates.push({ name: "vectors", launches: vectors });
  return candidates;
}

/** The same copies on the host. */
export function copyOnHost(
  inputs: readonly HostTensor[],
  outputs: HostTensor | readonly HostTensor[],
  copies: readonly StridedCopy[],
): void {
  const targets = [outputs].flat();
  for (const { from, to: number, inputStart, outputStart, iteration } of copies) {
    const source = inputs[from].data;
    const target = targets[number].data;
    const length = iteration.extents.at(-1) ?? 1;
    const [sourceStep, targetStep] = iteration.strides.map((list) => list.at(-1) ?? 0);
    eachRun(iteration, ([sourceOffset, targetOffset]) => {
      let at = inputStart + sourceOffset;
      let to = outputStart + targetOffset;
      for (let i = 0; i < length; i++) {
        target[to] = source[at];
        at += sourceStep;
        to += targetStep;
      }
    });
  }
}
