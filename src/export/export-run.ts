// A run's model in the formats of others, with a card, in a folder.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors/errors.ts";
import { makeFolders } from "../files/folders.ts";
import { replaceFile } from "../files/whole-files.ts";
import { plainSafetensors } from "../interchange/tensor-file.ts";
import { torchFile } from "../interchange/torch-file.ts";
import { openEngine } from "../runtime/open-engine.ts";
import { readModelFile, type ModelFile } from "../runs/model-file.ts";
import { classifierOfModel, segmenterOfModel } from "../runs/model-record.ts";
import { version } from "../runs/package-info.ts";
import { readRun } from "../runs/read-run.ts";
import { cardFile, exportFiles, type ExportFormat } from "./export-formats.ts";
import { modelCard } from "./model-card.ts";
import { onnxModel } from "./onnx-model.ts";
import { torchWeights } from "./torch-weights.ts";

export interface ExportRequest {
  readonly formats: readonly ExportFormat[];
  /** Default: `export` in the run's folder. */
  readonly out?: string | undefined;
  /** Whether a card that is there already, which somebody may have edited, is written anew. */
  readonly force: boolean;
}

export interface ExportedFile {
  readonly file: string;
  readonly bytes: number;
}

export interface Exported {
  readonly folder: string;
  readonly files: readonly ExportedFile[];
  /** Whether a card was there and was left as it is. */
  readonly keptCard: boolean;
}

/**
 * Writes each file whole or not at all, once all of them are made.
 *
 * @param path the folder of a finished run of a manifest
 * @throws ModelError and RunFolderError where there is no such run; UsageError for a head or a size that a format has no place for,
 *   and where a file cannot be written
 */
export async function exportRun(path: string, { formats, out, force }: ExportRequest): Promise<Exported> {
  const model = await readModelFile(path);
  if (!statSync(path).isDirectory()) {
    throw new UsageError(`${path}: name the run's folder; the model card is made from what lies there`);
  }
  const run = await readRun(path);
  await expectWhole(model);
  const made = formats.map((format) => [exportFiles[format], fileOf[format](model)] as const);
  const card = modelCard({ run, record: model.record, formats, version });

  const folder = out ?? join(path, "export");
  const keptCard = !force && existsSync(join(folder, cardFile));
  const files: ExportedFile[] = [];
  const all = [...made, ...(keptCard ? [] : [[cardFile, [new TextEncoder().encode(card)]] as const])];
  for (const [name, parts] of all) {
    const file = join(folder, name);
    try {
      makeFolders(folder);
      await replaceFile(file, async (handle) => {
        for (const part of parts) await handle.writeFile(part);
      });
    } catch (cause) {
      throw new UsageError(
        `${file}: cannot be written (${(cause as Error).message}); name another folder with --out`,
        { cause },
      );
    }
    files.push({ file, bytes: parts.reduce((sum, { byteLength }) => sum + byteLength, 0) });
  }
  return { folder, files, keptCard };
}

/** The parts of each format's file. @throws UsageError */
const fileOf: Readonly<Record<ExportFormat, (model: ModelFile) => readonly Uint8Array[]>> = {
  onnx: ({ record, weights, sha256 }) => [onnxModel(record, weights, { version, sha256 })],
  // Readers of weights look for the format's name: the tensors are laid out as PyTorch has them.
  safetensors: ({ record, weights }) => plainSafetensors(torchWeights(record, weights), { format: "pt" }),
  torch: ({ record, weights }) => [torchFile(torchWeights(record, weights))],
};

/** Builds the network once, so that weights which are not those of the network are found before anything is written. */
async function expectWhole(model: ModelFile): Promise<void> {
  using engine = await openEngine({ device: "reference" });
  (model.record.task === "segmentation" ? segmenterOfModel : classifierOfModel)(engine, model).dispose();
}
