// Where the tensors of each layer stand among the inputs and outputs of the gradient of a dense block.

import { ShapeError } from "../../errors/errors.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { showSpecs } from "../operands.ts";
import { expectBatchGroups, type BatchGroups } from "../normalisation/batch-groups.ts";
import {
  expectLayers,
  layoutOf,
  type DenseLayersAttributes,
  type DenseLayout,
  type StageShape,
} from "./dense-layers.ts";

/** Inputs before those of the layers: block, statistics, dy. */
const sharedInputs = 3;
/** What a stage brings: factors and weight; one that reads z also z and its statistics. */
const tensorsOf = ({ reads }: StageShape): number => (reads === "block" ? 2 : 4);

/** A stage with the numbers of its tensors among the inputs and outputs. */
export interface PlacedStage extends StageShape {
  /** The first of its inputs. */
  readonly input: number;
  /** The first of its outputs: dgamma, dbeta, dweight. */
  readonly output: number;
}

export interface PlacedLayout extends DenseLayout {
  readonly layers: readonly (readonly PlacedStage[])[];
}

export function layoutOfGradient(
  inputs: readonly TensorSpec[],
  attributes: DenseLayersAttributes & BatchGroups,
): PlacedLayout {
  const { growth, bottleneck } = attributes;
  const [block] = inputs as readonly (TensorSpec | undefined)[];
  const count = (inputs.length - sharedInputs) / (bottleneck === null ? 2 : 6);
  if (block?.shape.length !== 4 || count < 1 || !Number.isInteger(count)) {
    throw new ShapeError(
      `denseBlockGradient: takes a block [N, H, W, C], its statistics, dy and ${bottleneck === null ? 2 : 6} tensors ` +
        `for each layer, got ${showSpecs(inputs)}`,
    );
  }
  const [, , , width] = block.shape;
  const inputChannels = width - count * growth;
  expectLayers("denseBlockGradient", attributes);
  expectBatchGroups("denseBlockGradient", attributes, block.shape[0]);
  if (inputChannels < 1) {
    throw new ShapeError(
      `denseBlockGradient: ${count} layers of growth ${growth} leave no input channels of ${showSpecs(inputs)}`,
    );
  }
  return placed(layoutOf([...block.shape.slice(0, 3), inputChannels], count, attributes));
}

/** The layout with the numbers of its tensors. */
export function placed(layout: DenseLayout): PlacedLayout {
  let taken = sharedInputs;
  let made = 1;
  const layers = layout.layers.map((stages) =>
    stages.map((stage): PlacedStage => {
      const numbered = { ...stage, input: taken, output: made };
      taken += tensorsOf(stage);
      made += 3;
      return numbered;
    }),
  );
  return { ...layout, layers };
}

/** A stage's tensors, by name; a stage that reads the block has neither z nor statistics of its own. */
export function numbersOf({
  reads,
  input: at,
}: PlacedStage): Record<"z" | "statistics" | "factors" | "weight", number> {
  return reads === "block"
    ? { z: 0, statistics: 1, factors: at, weight: at + 1 }
    : { z: at, statistics: at + 1, factors: at + 2, weight: at + 3 };
}
