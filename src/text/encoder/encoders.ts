// The kinds of encoders, by their names in configurations.

import { UsageError } from "../../errors/errors.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import type { Engine } from "../../runtime/engine.ts";
import { BagEncoder, type BagConfiguration } from "./bag-encoder.ts";
import { encoderKinds } from "./encoder-kinds.ts";
import { TransformerEncoder, type TransformerConfiguration } from "./transformer-encoder.ts";

export type EncoderConfiguration = BagConfiguration | TransformerConfiguration;
export type AnyEncoder = BagEncoder | TransformerEncoder;

/** @throws UsageError for a configuration of no kind there is, or whatever the encoder finds wrong with it */
export function createEncoder(
  engine: Engine,
  init: Initialiser,
  configuration: EncoderConfiguration,
): AnyEncoder {
  const { kind } = (configuration as Partial<EncoderConfiguration> | undefined | null) ?? {};
  switch (kind) {
    case "bag":
      return new BagEncoder(engine, init, configuration);
    case "transformer":
      return new TransformerEncoder(engine, init, configuration as TransformerConfiguration);
    default:
      throw new UsageError(
        `createEncoder: kind must be one of ${encoderKinds.join(", ")}, got ${JSON.stringify(kind)}`,
      );
  }
}
