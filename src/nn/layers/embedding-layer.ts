// The layer that looks up rows by number: words, classes, positions.

import { expectOptions, wholeFrom, type OptionChecks } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { takeRows } from "../../functions/movement.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer } from "../layer-arguments.ts";
import { Module } from "../module.ts";

export interface EmbeddingOptions {
  /** A row that starts as zeros and takes no gradient, so that it stays so: for what fills up short texts. Default: none. */
  readonly padding?: number | undefined;
}

const embeddingOptions: OptionChecks<EmbeddingOptions> = { padding: wholeFrom(0) };

/**
 * Rows of a table by number: u32 [...] to f32 [..., width], weight [count, width]. The table starts as normal numbers of mean 0
 * and deviation 1, as PyTorch's does. A number past the last row takes the last row, as `takeRows` has it.
 */
export class Embedding extends Module {
  static override readonly name: string = "Embedding";
  readonly weight: Tensor;
  readonly padding: number | undefined;

  /** @throws UsageError for a count or a width that is no whole number from 1, or a padding that is none of the rows */
  constructor(
    engine: Engine,
    init: Initialiser,
    count: number,
    width: number,
    options: EmbeddingOptions = {},
  ) {
    super(engine);
    expectLayer("Embedding", engine, init, { count, width });
    expectOptions("Embedding", options, embeddingOptions);
    const { padding } = options;
    if (padding !== undefined && padding >= count) {
      throw new UsageError(
        `Embedding: padding must be the number of a row, 0 to ${count - 1}, got ${padding}`,
      );
    }
    this.padding = padding;
    this.weight = this.parameter("weight", init.normal([count, width], 1, padding));
  }

  forward(indices: Tensor): Tensor {
    return takeRows(this.weight, indices, { padding: this.padding });
  }
}
