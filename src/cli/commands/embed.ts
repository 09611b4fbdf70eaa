// `tessera embed`: writes what a classifier's network makes of images before its head.

import { resolve } from "node:path";
import { counted } from "../../errors/counted.ts";
import { ModelError } from "../../errors/training-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { embed } from "../../assemble/embedding.ts";
import type { Part } from "../../data/catalogue/listing.ts";
import { absent } from "../../labels/states.ts";
import { onEngine } from "../on-engine.ts";
import { engineOptions } from "../../runs/device-options.ts";
import {
  featuresCsv,
  featuresSafetensors,
  type FeatureImage,
  type FeatureTable,
} from "../../runs/features-file.ts";
import { defaultMemory } from "../../runs/load-images.ts";
import { readModelFile } from "../../runs/model-file.ts";
import { classifierOfModel } from "../../runs/model-record.ts";
import { askedOf, loadAsked } from "../asked-images.ts";
import type { FolderReading } from "../folder-images.ts";
import { manifestFor, say, type ModelOptions } from "../model-images.ts";
import { Counter } from "../terminal/counter.ts";
import { makeFolderOf, replaceOutput } from "../terminal/output-files.ts";
import { stopCode, unlessInterrupted } from "../terminal/signals.ts";

export interface EmbedOptions extends ModelOptions, FolderReading {
  readonly out: string;
  readonly part?: Part | "all";
  readonly json: boolean;
}

/** Images in one batch. */
const batch = 64;
const endings = [".safetensors", ".csv"] as const;

/** @param paths a manifest, or images; default: the run's own manifest */
export async function embedCommand(
  run: string,
  paths: readonly string[],
  options: EmbedOptions,
): Promise<void> {
  const where = engineOptions(options);
  const { out, part = "all" } = options;
  const asked = askedOf(paths, undefined);
  if (!endings.some((ending) => out.toLowerCase().endsWith(ending))) {
    throw new UsageError(
      `--out ${out}: ends neither in ${endings.join(" nor in ")}; the ending says what is written`,
    );
  }
  if (asked.files !== undefined && options.part !== undefined) {
    throw new UsageError(`${asked.files.said} names images without parts: leave it out, or --part`);
  }
  const model = await readModelFile(run);
  if (model.record.task === "segmentation") {
    throw new UsageError(`${run}: is a segmenter, whose features are of pixels; embed takes a classifier`);
  }
  const named = asked.files === undefined ? await manifestFor(run, asked.manifest, options) : undefined;
  makeFolderOf("--out", out, paths);
  const found = await unlessInterrupted(async (signal) => {
    const loaded = await loadAsked(asked.files, named, part, model.record, options, signal);
    return await onEngine(where, async (engine) => {
      const classifier = classifierOfModel(engine, model);
      const total = loaded.parts.reduce((sum, { set }) => sum + set.count, 0);
      using counter = new Counter("embedding", total, options.quiet);
      const width = classifier.features.features;
      const features = new Float32Array(total * width);
      const images: FeatureImage[] = [];
      for (const { source, part: own, samples, set } of loaded.parts) {
        const before = images.length;
        const progress = (done: number): void => counter.update(before + done, total);
        const { memory = defaultMemory() } = options;
        const each = await embed(engine, classifier, set, model.record.normalisation, batch, {
          signal,
          memory,
          progress,
        });
        features.set(each, before * width);
        images.push(
          ...samples.map(({ id }, i): FeatureImage => [source, own ?? "", id, set.patients?.[i] ?? ""]),
        );
      }
      if (!features.every(Number.isFinite)) {
        throw new ModelError(
          model.file,
          "its features are no finite numbers: its weights have diverged; train again with a lower learning rate",
        );
      }
      const classes = named?.manifest.classes ?? [];
      const states = new Uint8Array(total * classes.length).fill(absent);
      let at = 0;
      for (const { set } of named === undefined ? [] : loaded.parts) {
        states.set(set.states, at);
        at += set.states.length;
      }
      return {
        adapter: engine.traits.name,
        table: { images, width, features, classes, states, model: model.sha256 },
      };
    });
  });
  if (found === undefined) {
    process.exitCode = stopCode();
    return;
  }
  const { adapter, table } = found;
  await write(out, table);
  if (options.json) {
    const result = {
      file: resolve(out),
      images: table.images.length,
      features: table.width,
      classes: table.classes,
      adapter,
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  say(
    options,
    `${counted(table.images.length, "image")}, ${counted(table.width, "feature")} each, on ${adapter}; in ${out}`,
  );
}

/** Writes the file whole or not at all. @throws UsageError */
async function write(out: string, table: FeatureTable): Promise<void> {
  const content = out.toLowerCase().endsWith(".csv") ? [featuresCsv(table)] : featuresSafetensors(table);
  await replaceOutput("--out", out, async (handle) => {
    for (const piece of content) await handle.writeFile(piece);
  });
}
