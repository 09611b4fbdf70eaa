// Networks as ONNX nodes, by the names that their modules give their tensors.

import type { NetworkConfiguration } from "../assemble/backbones/backbone-family.ts";
import type { DenseNetConfiguration } from "../nn/densenet.ts";
import type { ResNetConfiguration } from "../nn/resnet.ts";
import type { UNetConfiguration } from "../nn/unet.ts";
import type { LayerNodes } from "./layer-nodes.ts";

/** Of the first pool of a network. */
const stemPool = { window: 3, stride: 2, padding: 1 };

/**
 * The features of normalised images [B, C, H, W]: [B, D] of a backbone, [B, D, H, W] of a U-Net.
 * @returns the name of that value
 */
export function networkNodes(to: LayerNodes, images: string, network: NetworkConfiguration): string {
  switch (network.kind) {
    case undefined:
      return densenetNodes(to, images, network);
    case "resnet":
      return resnetNodes(to, images, network);
    case "unet":
      return unetNodes(to, images, network);
  }
}

function densenetNodes(to: LayerNodes, images: string, configuration: DenseNetConfiguration): string {
  const { stem, blocks, bottleneck } = configuration;
  let x = to.convolution(images, "features.conv0", stem.stride);
  if (stem.pool) x = to.pool("MaxPool", to.activated(x, "features.norm0"), stemPool);
  for (const [i, layers] of blocks.entries()) {
    if (i > 0) {
      const name = `features.transition${i}`;
      // In the order of `Transition`: pooling first convolves a quarter of the pixels.
      const pooled = to.pool("AveragePool", to.activated(x, `${name}.norm`), { window: 2, stride: 2 });
      x = to.convolution(pooled, `${name}.conv`);
    }
    for (let layer = 1; layer <= layers; layer++) {
      const name = `features.denseblock${i + 1}.denselayer${layer}`;
      let grown = to.convolution(to.activated(x, `${name}.norm1`), `${name}.conv1`);
      if (bottleneck !== null) grown = to.convolution(to.activated(grown, `${name}.norm2`), `${name}.conv2`);
      x = to.concat([x, grown], name);
    }
  }
  return to.globalAverage(to.activated(x, `features.norm${blocks.length + 1}`));
}

function resnetNodes(to: LayerNodes, images: string, configuration: ResNetConfiguration): string {
  const { stem, blocks, block } = configuration;
  let x = to.activated(to.convolution(images, "features.conv1", stem.stride), "features.bn1");
  if (stem.pool) x = to.pool("MaxPool", x, stemPool);
  for (const [i, count] of blocks.entries()) {
    for (let at = 0; at < count; at++) {
      const name = `features.layer${i + 1}.${at}`;
      x = residualBlock(to, x, name, block, i > 0 && at === 0 ? 2 : 1);
    }
  }
  return to.globalAverage(x);
}

function residualBlock(
  to: LayerNodes,
  x: string,
  name: string,
  block: ResNetConfiguration["block"],
  stride: number,
): string {
  const [steps, strided] = block === "basic" ? [2, 1] : [3, 2];
  let y = x;
  for (let step = 1; step <= steps; step++) {
    if (step > 1) y = to.relu(y);
    y = to.convolution(y, `${name}.conv${step}`, step === strided ? stride : 1);
    y = to.batchNorm(y, `${name}.bn${step}`);
  }
  let shortcut = x;
  if (to.has(`${name}.downsample.0.weight`)) {
    shortcut = to.convolution(x, `${name}.downsample.0`, stride);
    shortcut = to.batchNorm(shortcut, `${name}.downsample.1`);
  }
  return to.relu(to.add(y, shortcut, name));
}

function unetNodes(to: LayerNodes, images: string, { levels }: UNetConfiguration): string {
  const twice = (x: string, name: string): string => {
    const once = to.activated(to.convolution(x, `${name}.conv1`), `${name}.norm1`);
    return to.activated(to.convolution(once, `${name}.conv2`), `${name}.norm2`);
  };
  const skips: string[] = [];
  let x = images;
  for (let level = 1; level <= levels; level++) {
    if (level > 1) x = to.pool("MaxPool", x, { window: 2, stride: 2 });
    x = twice(x, `features.down${level}`);
    skips.push(x);
  }
  for (let level = levels - 1; level >= 1; level--) {
    const name = `features.up${level}`;
    x = twice(to.concat([skips[level - 1], to.enlarge(x, `${name}.enlarge`)], name), name);
  }
  return x;
}
