// How an exported model is used from Python, for its card.

import { resnetConfigurations } from "../nn/resnet.ts";
import { densenetConfigurations } from "../nn/densenet.ts";
import type { ModelRecord } from "../runs/model-record.ts";
import { exportFiles, type ExportFormat } from "./export-formats.ts";

/** A paragraph and a program for each format that there is. */
export function usage(record: ModelRecord, formats: readonly ExportFormat[]): string {
  const weights = formats.filter((format) => format !== "onnx");
  return [
    ...(formats.includes("onnx") ? [onnxUsage(record)] : []),
    ...weights.map((format) => torchUsage(record, format)),
  ].join("\n");
}

const program = (lines: readonly string[]): string => `\`\`\`python\n${lines.join("\n")}\n\`\`\`\n`;

/** How an image of any size comes to be of the network's, by Pillow. */
const fitted = {
  stretch: (size: string) => [`image = image.resize(${size}, Image.Resampling.BICUBIC)`],
  pad: (size: string) => [
    `image = ImageOps.pad(image, ${size}, Image.Resampling.BICUBIC)  # the whole image, black beside it`,
  ],
  crop: (size: string) => [`image = ImageOps.fit(image, ${size}, Image.Resampling.BICUBIC)  # its middle`],
} as const satisfies Record<ModelRecord["image"]["fit"], (size: string) => string[]>;

function opening({ image }: ModelRecord): string[] {
  const { height, width, channels, fit } = image;
  return [
    `image = Image.open("image.png").convert("${channels === 1 ? "L" : "RGB"}")`,
    ...fitted[fit](`(${width}, ${height})`),
    channels === 1
      ? "pixels = np.asarray(image, np.float32)[None, None]  # [batch, 1, height, width]"
      : "pixels = np.asarray(image, np.float32).transpose(2, 0, 1)[None]  # [batch, 3, height, width]",
  ];
}

function onnxUsage(record: ModelRecord): string {
  const isSegmenter = record.task === "segmentation";
  return (
    `\`${exportFiles.onnx}\` takes pixels from 0 to 255 and normalises them itself; its metadata has the classes, the size and what ` +
    "else is needed.\n\n" +
    program([
      "import json",
      "import numpy as np",
      "import onnxruntime",
      "from PIL import Image, ImageOps",
      "",
      `session = onnxruntime.InferenceSession("${exportFiles.onnx}")`,
      'classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])',
      ...opening(record),
      '(probabilities,) = session.run(["probabilities"], {"pixels": pixels})',
      isSegmenter
        ? "print(dict(zip(classes, (probabilities[0] > 0.5).sum((1, 2)))))  # pixels of each class"
        : "print(dict(zip(classes, probabilities[0])))",
    ])
  );
}

function torchUsage(record: ModelRecord, format: "safetensors" | "torch"): string {
  const file = exportFiles[format];
  const { mean, deviation } = record.normalisation;
  const load =
    format === "torch"
      ? ["import torch", `weights = torch.load("${file}", weights_only=True)`]
      : ["from safetensors.torch import load_file", `weights = load_file("${file}")`];
  const constructor = torchvisionConstructor(record);
  const names =
    constructor === undefined
      ? "names and shapes as PyTorch has them; torchvision has no network of this configuration"
      : "names and shapes of torchvision";
  const build =
    constructor === undefined
      ? ["print({name: tuple(tensor.shape) for name, tensor in weights.items()})"]
      : [
          "import torchvision",
          `network = torchvision.models.${constructor}(num_classes=${record.classes.length}).eval()`,
          "network.load_state_dict(weights)",
        ];
  return (
    `\`${file}\` has the weights alone, with ${names}. They take images [batch, channels, height, width] of ` +
    `(pixels / 255 - mean) / deviation with mean ${JSON.stringify(mean)} and deviation ${JSON.stringify(deviation)}, and give logits, ` +
    `of which a sigmoid makes probabilities.\n\n${program([...load, ...build])}`
  );
}

/** What torchvision calls a network of this very configuration; undefined where it has none. */
export function torchvisionConstructor({ network }: Pick<ModelRecord, "network">): string | undefined {
  const known = { ...densenetConfigurations, ...resnetConfigurations };
  const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);
  return Object.entries(known).find(([, configuration]) => same(configuration, network))?.[0];
}

/** The same text for the same configuration, whatever the order of its fields. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a.localeCompare(b, "en")))
      : inner,
  );
