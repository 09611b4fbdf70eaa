// A training step of a U-Net.

import { binaryCrossEntropyWithLogits, type Engine } from "@tessera-gpu/tessera";
import { Initialiser, Linear, UNet, type Composition, type UNetConfiguration } from "@tessera-gpu/tessera/nn";
import { normal } from "../harness/data.ts";
import { byAdam, type Problem } from "./training-step.ts";

const configuration: UNetConfiguration = { kind: "unet", inputChannels: 3, width: 16, levels: 4 };
const [batch, height, width, classes] = [8, 96, 72, 11];

/** Images, and the class of each pixel as a one among zeros: of images in stripes, 11 classes one behind the other. */
export async function unetOn(engine: Engine, composition: Composition = "fused"): Promise<Problem> {
  const init = new Initialiser(engine, 7);
  const features = new UNet(engine, init, configuration);
  features.composition = composition;
  const classifier = new Linear(engine, init, features.features, classes);
  const parameters = new Map([
    ...features.parameters(),
    ...[...classifier.parameters()].map(([name, tensor]) => [`classifier.${name}`, tensor] as const),
  ]);
  const pixels = batch * height * width;
  const data = new Float32Array(pixels * classes);
  for (let i = 0; i < pixels; i++) data[i * classes + (Math.floor(i / width / 4) % classes)] = 1;
  return {
    parameters,
    loss: ([x, labels]) => {
      const maps = features.forward(x, "training").reshape([pixels, features.features]);
      return binaryCrossEntropyWithLogits(classifier.forward(maps), labels);
    },
    inputs: [await normal([batch, height, width, 3], 31), { shape: [pixels, classes], dtype: "f32", data }],
    update: byAdam,
  };
}
