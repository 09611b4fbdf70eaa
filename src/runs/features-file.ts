// Features of images in a file: what `tessera embed` writes and `tessera probe` reads. It is safetensors, which Python opens, or CSV.

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DataError } from "../errors/data-errors.ts";
import { csvText } from "../files/csv-text.ts";
import { plainSafetensors } from "../interchange/tensor-file.ts";
import { parseSafetensors, startsAsSafetensors } from "../interchange/safetensors-header.ts";

const format = "tessera features 1";

/** Whose features a row has. The part and the patient, who is named with the source, are empty where nobody says. */
export type FeatureImage = readonly [source: string, part: string, image: string, patient: string];

export interface FeatureTable {
  /** N */
  readonly images: readonly FeatureImage[];
  /** D, features of an image. */
  readonly width: number;
  /** [N, D] */
  readonly features: Float32Array;
  /** K; none where the images came without labels. */
  readonly classes: readonly string[];
  /** [N, K] label states. */
  readonly states: Uint8Array;
  /** SHA-256 of the model file that made them. */
  readonly model: string;
}

const metadataSchema = z.object({
  format: z.literal(format),
  images: z.string(),
  classes: z.string(),
  model: z.string(),
});
const imagesSchema = z.array(z.tuple([z.string(), z.string(), z.string(), z.string()]));

/** The parts of a file with the tensors `features` [N, D] and `labels` [N, K], and the rest as JSON in its metadata. */
export function featuresSafetensors({
  images,
  width,
  features,
  classes,
  states,
  model,
}: FeatureTable): Uint8Array[] {
  const tensors = new Map([
    ["features", { shape: [images.length, width], data: features }],
    ["labels", { shape: [images.length, classes.length], data: states }],
  ]);
  return plainSafetensors(tensors, {
    ...{ format, model, images: JSON.stringify(images), classes: JSON.stringify(classes) },
  });
}

/** A row for each image: which it is, then its features; nine digits tell any two f32 apart. */
export function featuresCsv({ images, width, features }: FeatureTable): string {
  const names = Array.from({ length: width }, (_, i) => `feature ${i + 1}`);
  return csvText([
    ["source", "part", "image", "patient", ...names],
    ...images.map((image, row) => [
      ...image,
      ...Array.from(features.subarray(row * width, (row + 1) * width), (value) =>
        Number(value.toPrecision(9)),
      ),
    ]),
  ]);
}

/** @throws DataError for a file that is missing, damaged, or no such file */
export async function readFeatures(file: string): Promise<FeatureTable> {
  const refuse = (how: string, cause?: unknown): DataError =>
    new DataError(file, `${how}; name what tessera embed --out features.safetensors wrote`, { cause });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw refuse(`cannot be read (${(cause as Error).message})`, cause);
  }
  if (!startsAsSafetensors(bytes)) throw refuse("is no safetensors file");
  const { metadata, entries } = parseSafetensors(bytes, (how) => refuse(`is damaged: ${how}`));
  const known = metadataSchema.safeParse(metadata);
  if (!known.success) throw refuse("has no features of images");
  const [features, labels] = ["features", "labels"].map((name) =>
    entries.find((entry) => entry.name === name),
  );
  const images = imagesSchema.safeParse(jsonOf(known.data.images));
  const classes = z.array(z.string()).safeParse(jsonOf(known.data.classes));
  const count = images.data?.length ?? -1;
  const isWhole =
    features?.dtype === "F32" &&
    labels?.dtype === "U8" &&
    [features, labels].every(({ shape }) => shape.length === 2 && shape[0] === count) &&
    labels.shape[1] === classes.data?.length;
  if (!isWhole || images.data === undefined || classes.data === undefined) {
    throw refuse("is damaged: features, labels and the list of images do not agree");
  }
  const values = new Float32Array(Uint8Array.from(features.bytes).buffer);
  if (!values.every(Number.isFinite))
    throw refuse("has features that are no finite numbers: its model has diverged");
  return {
    ...{ images: images.data, width: features.shape[1], features: values },
    ...{ classes: classes.data, states: Uint8Array.from(labels.bytes), model: known.data.model },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}
