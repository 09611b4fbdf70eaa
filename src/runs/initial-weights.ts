// Weights to begin with, from whatever holds them: a run, a model file, or a file of another maker.

import { statSync } from "node:fs";
import { extname } from "node:path";
import type { ForeignWeights } from "./beginnings.ts";
import { readModelFile, type ModelFile } from "./model-file.ts";

/** @throws ModelError for what is no weights */
export async function readInitialWeights(path: string): Promise<ModelFile | ForeignWeights> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder || extname(path) === ".safetensors") return await readModelFile(path);
  return await readModelFile(path);
}
