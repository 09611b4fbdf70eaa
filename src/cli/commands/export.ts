// `tessera export`: a run's model as ONNX, or as weights for PyTorch, with a model card.

import { exportRun } from "../../export/export-run.ts";
import type { ExportFormat } from "../../export/export-formats.ts";

export interface ExportOptions {
  readonly to: readonly ExportFormat[];
  readonly out?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export async function exportCommand(run: string, { to, out, force, json }: ExportOptions): Promise<void> {
  const formats = [...new Set(to)];
  const { folder, files, keptCard } = await exportRun(run, { formats, out, force });
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder, files, keptCard }, null, 2)}\n`);
    return;
  }
  for (const { file, bytes } of files) process.stdout.write(`${file}  ${sized(bytes)}\n`);
  const next = keptCard
    ? `${folder}/README.md was there and stays as it is; --force writes it anew`
    : `next: read ${folder}/README.md, which says how to use these files, and put your licence into its first lines`;
  process.stdout.write(`${next}\n`);
}

const sized = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
