// The files of a training: its model, its report, its record.

import { modelBytes } from "tessera/assemble";
import type { Adapter, Download, Setup } from "../protocol.ts";
import { recordOf, reportOf } from "./run-files.ts";
import type { Trained } from "./training.ts";

/** @param all the models of the training, the one that is handed out last */
export async function downloaded(
  what: Download,
  setup: Setup,
  adapter: Adapter,
  all: readonly Trained[],
): Promise<Uint8Array<ArrayBuffer> | string> {
  const trained = all.at(-1);
  if (trained === undefined) throw new Error("There is no trained model yet: train first");
  const { classifier, learned, settings, result } = trained;
  if (what === "model.safetensors") {
    return await modelBytes(classifier, { assembly: learned, settings, kept: result.kept, fit: "crop" });
  }
  if (what === "report.html") return await reportOf(trained, setup, adapter);
  return `${JSON.stringify(await recordOf(trained, setup, adapter), null, 2)}\n`;
}
