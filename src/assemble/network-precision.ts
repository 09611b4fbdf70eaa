// Which networks train in mixed precision, and where.

import { UsageError } from "../errors/errors.ts";
import { DenseNet } from "../nn/densenet.ts";
import type { Module } from "../nn/module.ts";
import { precisionOf } from "../training/precision.ts";
import type { LoopSettings } from "../training/loop-settings.ts";
import type { NetworkConfiguration } from "./backbones/backbone-family.ts";

/**
 * Lets the network of a new model train as the settings say.
 * @throws UsageError for mixed precision of another network than a DenseNet, or on an adapter without f16; the model is disposed then
 */
export function inPrecision<Model extends Module & { readonly features: Module }>(
  model: Model,
  {
    precision: choice,
    network,
  }: Pick<LoopSettings, "precision"> & { readonly network: NetworkConfiguration },
): Model {
  const { precision } = precisionOf(choice);
  if (precision === "full") return model;
  const { features, engine } = model;
  const refuse = (why: string): never => {
    model.dispose();
    throw new UsageError(`train: precision: mixed ${why}; leave it out`);
  };
  if (!(features instanceof DenseNet))
    return refuse(`is for DenseNets, and the network is a ${network.kind}`);
  const { name, features: can } = engine.traits;
  // The reference rounds by itself.
  if (engine.backend.kind !== "reference" && !can.has("shader-f16")) {
    return refuse(`needs an adapter with shader-f16, which "${name}" does not have`);
  }
  features.precision = precision;
  return model;
}
