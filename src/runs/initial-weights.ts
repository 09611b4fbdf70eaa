// Weights to begin with, from whatever holds them: a run, its model file, or a file of another maker.

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { modelKind } from "../interchange/tensor-file.ts";
import { decodedWeights, readWeightBytes, storedWeights } from "../interchange/weight-file.ts";
import type { ForeignWeights } from "./beginnings.ts";
import { readModelFile, type ModelFile } from "./model-file.ts";

/**
 * @param path a run folder, its model file, or a .safetensors or .pth file with PyTorch's names and layouts
 * @throws ModelError or CheckpointError for a run or a model that cannot be used; DataError for a file that holds no weights
 */
export async function readInitialWeights(path: string): Promise<ModelFile | ForeignWeights> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder) return await readModelFile(path);
  const file = resolve(path);
  const bytes = await readWeightBytes(file);
  const stored = storedWeights(file, bytes);
  if (stored.metadata["format"] === modelKind) return await readModelFile(file);
  // Thresholds of torchxrayvision are NaN where there are none; weights that are taken are looked at when they are.
  const { tensors, notes } = decodedWeights(file, bytes.length, stored, { allowNaN: true });
  return { file, sha256: createHash("sha256").update(bytes).digest("hex"), weights: tensors, notes };
}
