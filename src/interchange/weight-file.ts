// Weights that other programs have written: one call for safetensors and for PyTorch's files.

import { aFlag, aString, expectArgument, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import { readBytes } from "../files/bytes.ts";
import { decodedWeights, storedWeights, type WeightFile, type WeightFileOptions } from "./weight-bytes.ts";

const weightFileOptions: OptionChecks<WeightFileOptions> = { allowNaN: aFlag };

/**
 * Reads all weights of a file: safetensors of any writer, or a state_dict that PyTorch 1.6 or newer has saved (.pth, .pt), by
 * itself or under `state_dict`, `model_state_dict`, `model` or `net`. f16, bf16, f32 and f64 become f32; whole numbers are
 * skipped. Names lose the `module.` of DataParallel when all have it. Nothing in a file is run.
 *
 *     const { tensors } = await readWeightFile("resnet18.pth");
 *     const { missing } = await loadWeights(net, tensors, { strict: false });
 *
 * Holds the file and all its weights in f32 while it reads, and afterwards the weights. Files have up to 2 GiB.
 *
 * @throws DataError naming the file, the tensor where one is at fault, and what to do: for what is damaged or missing; code or
 *   objects in a pickle, TorchScript, PyTorch's older format; pieces of a larger model; NaN
 */
export async function readWeightFile(file: string, options: WeightFileOptions = {}): Promise<WeightFile> {
  expectArgument("readWeightFile", "the file", file, aString);
  expectOptions("readWeightFile", options, weightFileOptions);
  const bytes = await readWeightBytes(file);
  return decodedWeights(file, bytes.length, storedWeights(file, bytes), options);
}

export const readWeightBytes = (file: string): Promise<Uint8Array> =>
  readBytes(file, { why: "read of a file of weights" });
