// The files of a training: its model, its report, its record.

import { metricsLines, modelBytes, trainingTexts } from "@tessera-gpu/tessera/assemble";
import { assembledName, type Download, type History, type Setup } from "../protocol.ts";
import type { Trained } from "./training.ts";

/** @param trained the model that is handed out */
export async function downloaded(
  what: Download,
  setup: Setup,
  trained: Trained | undefined,
): Promise<Uint8Array<ArrayBuffer> | string> {
  if (trained === undefined) throw new Error("There is no trained model yet: train first");
  const { arm, classifier, engine, learned, settings, result, history, seconds } = trained;
  if (what === "model.safetensors") {
    return await modelBytes(classifier, { assembly: learned, settings, kept: result.kept, fit: "crop" });
  }
  const whose = arm.name === assembledName ? "both, assembled" : `hospital ${arm.name} alone`;
  const { record, report } = await trainingTexts(engine, {
    name: `${setup.own?.name ?? "drawn radiographs"}, ${whose}`,
    ...{ assembly: learned, settings, result, seconds, metrics: metricsOf(history) },
    data: `${JSON.stringify(setup, null, 2)}\n`,
  });
  return what === "run.json" ? record : report;
}

/** As a run folder has them. */
function metricsOf({ steps, epochs }: History): string {
  const lines: string[] = [];
  const told = metricsLines((line) => lines.push(line));
  for (const { epoch, step, losses, total } of steps)
    told.step?.({ epoch, step, losses: { ...losses, total } });
  for (const { epoch, learningRate, losses, meanAuc, auc } of epochs) {
    const { total = NaN } = losses;
    told.epoch?.({
      ...{ epoch, learningRate, losses: { ...losses, total } },
      evaluation: { meanAuc, auc },
      validation: undefined,
    });
  }
  return lines.join("");
}
