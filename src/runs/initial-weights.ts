// Weights to begin with, from whatever holds them: a run, its model file, or a file of another maker.

import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FieldPath } from "../data/manifest/complaints.ts";
import { linksWithin } from "../data/catalogue/locating.ts";
import { path as pathBelow } from "../data/manifest/path-field.ts";
import type { DataManifest } from "../data/manifest/manifest.ts";
import { modelKind } from "../interchange/tensor-file.ts";
import { decodedWeights, storedWeights } from "../interchange/weight-bytes.ts";
import { readWeightBytes } from "../interchange/weight-file.ts";
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

/** What a folder holds; nothing for a file, or a folder that cannot be listed, which is told when it is read. */
function entriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/**
 * The weights that a manifest names below the data root.
 *
 * @param field where it names them
 * @throws ManifestError for a path that leads out of the data root, also by a symbolic link unless these are followed; otherwise as `readInitialWeights`
 */
export async function readNamedWeights(
  { complain }: Pick<DataManifest, "complain">,
  field: FieldPath,
  name: string,
  {
    dataRoot,
    followLinks = false,
  }: { readonly dataRoot: string; readonly followLinks?: boolean | undefined },
): Promise<ModelFile | ForeignWeights> {
  const refuse = (reason: string): never => {
    throw complain(field, reason);
  };
  const below = pathBelow.safeParse(name);
  if (!below.success) return refuse(below.error.issues[0].message);
  const file = resolve(dataRoot, below.data);
  if (!followLinks) {
    const links = linksWithin(dataRoot)(refuse);
    links.refuse(file);
    // Of a run folder, what is read in it.
    for (const entry of entriesOf(file)) links.refuse(join(file, entry));
  }
  return await readInitialWeights(file);
}
