// One call from a file of another program to the weights of a module.

import {
  aFlag,
  aString,
  expectArgument,
  expectOptions,
  oneOf,
  type OptionChecks,
} from "../errors/arguments.ts";
import type { Module } from "../nn/module.ts";
import { expectModule, loadWeights } from "../nn/weights.ts";
import { fitWeights, type FitOptions, type FittedWeights } from "./fit-weights.ts";
import { readWeightFile } from "./weight-file.ts";

const fitOptions: OptionChecks<FitOptions> = { strict: aFlag, layout: oneOf(["torch", "own"]) };

/**
 * Puts the weights of a file into a network: names and layouts as `fitWeights`, files as `readWeightFile` takes them.
 *
 *     const net = densenet121(engine, new Initialiser(engine, 0), 1);
 *     const { missing, leftOver } = await loadWeightFile(net, "densenet121.pth");
 *
 * @throws DataError for a file that cannot be read, ModelError for weights that do not fit; nothing is then changed in the module
 */
export async function loadWeightFile(
  module: Module,
  file: string,
  options: FitOptions = {},
): Promise<FittedWeights> {
  expectModule("loadWeightFile", module);
  expectArgument("loadWeightFile", "the file", file, aString);
  expectOptions("loadWeightFile", options, fitOptions);
  const { tensors } = await readWeightFile(file);
  const fitted = fitWeights(module.state(), file, tensors, options);
  await loadWeights(module, fitted.weights, { strict: false });
  return fitted;
}
