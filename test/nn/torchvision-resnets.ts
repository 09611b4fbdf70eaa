// The convolutions of torchvision's ResNets, written out: each name with its weight's [K, C, R, S] as torch prints it.

/** "conv1 64 3 7" is `conv1.weight` of 64 filters, for 3 channels, 7 x 7 pixels. In the order of torch's state_dict. */
const written = {
  resnet18: `
    conv1 64 3 7
    layer1.0.conv1 64 64 3, layer1.0.conv2 64 64 3
    layer1.1.conv1 64 64 3, layer1.1.conv2 64 64 3
    layer2.0.conv1 128 64 3, layer2.0.conv2 128 128 3, layer2.0.downsample.0 128 64 1
    layer2.1.conv1 128 128 3, layer2.1.conv2 128 128 3
    layer3.0.conv1 256 128 3, layer3.0.conv2 256 256 3, layer3.0.downsample.0 256 128 1
    layer3.1.conv1 256 256 3, layer3.1.conv2 256 256 3
    layer4.0.conv1 512 256 3, layer4.0.conv2 512 512 3, layer4.0.downsample.0 512 256 1
    layer4.1.conv1 512 512 3, layer4.1.conv2 512 512 3`,
  resnet34: `
    conv1 64 3 7
    layer1.0.conv1 64 64 3, layer1.0.conv2 64 64 3
    layer1.1.conv1 64 64 3, layer1.1.conv2 64 64 3
    layer1.2.conv1 64 64 3, layer1.2.conv2 64 64 3
    layer2.0.conv1 128 64 3, layer2.0.conv2 128 128 3, layer2.0.downsample.0 128 64 1
    layer2.1.conv1 128 128 3, layer2.1.conv2 128 128 3
    layer2.2.conv1 128 128 3, layer2.2.conv2 128 128 3
    layer2.3.conv1 128 128 3, layer2.3.conv2 128 128 3
    layer3.0.conv1 256 128 3, layer3.0.conv2 256 256 3, layer3.0.downsample.0 256 128 1
    layer3.1.conv1 256 256 3, layer3.1.conv2 256 256 3
    layer3.2.conv1 256 256 3, layer3.2.conv2 256 256 3
    layer3.3.conv1 256 256 3, layer3.3.conv2 256 256 3
    layer3.4.conv1 256 256 3, layer3.4.conv2 256 256 3
    layer3.5.conv1 256 256 3, layer3.5.conv2 256 256 3
    layer4.0.conv1 512 256 3, layer4.0.conv2 512 512 3, layer4.0.downsample.0 512 256 1
    layer4.1.conv1 512 512 3, layer4.1.conv2 512 512 3
    layer4.2.conv1 512 512 3, layer4.2.conv2 512 512 3`,
  resnet50: `
    conv1 64 3 7
    layer1.0.conv1 64 64 1, layer1.0.conv2 64 64 3, layer1.0.conv3 256 64 1, layer1.0.downsample.0 256 64 1
    layer1.1.conv1 64 256 1, layer1.1.conv2 64 64 3, layer1.1.conv3 256 64 1
    layer1.2.conv1 64 256 1, layer1.2.conv2 64 64 3, layer1.2.conv3 256 64 1
    layer2.0.conv1 128 256 1, layer2.0.conv2 128 128 3, layer2.0.conv3 512 128 1, layer2.0.downsample.0 512 256 1
    layer2.1.conv1 128 512 1, layer2.1.conv2 128 128 3, layer2.1.conv3 512 128 1
    layer2.2.conv1 128 512 1, layer2.2.conv2 128 128 3, layer2.2.conv3 512 128 1
    layer2.3.conv1 128 512 1, layer2.3.conv2 128 128 3, layer2.3.conv3 512 128 1
    layer3.0.conv1 256 512 1, layer3.0.conv2 256 256 3, layer3.0.conv3 1024 256 1, layer3.0.downsample.0 1024 512 1
    layer3.1.conv1 256 1024 1, layer3.1.conv2 256 256 3, layer3.1.conv3 1024 256 1
    layer3.2.conv1 256 1024 1, layer3.2.conv2 256 256 3, layer3.2.conv3 1024 256 1
    layer3.3.conv1 256 1024 1, layer3.3.conv2 256 256 3, layer3.3.conv3 1024 256 1
    layer3.4.conv1 256 1024 1, layer3.4.conv2 256 256 3, layer3.4.conv3 1024 256 1
    layer3.5.conv1 256 1024 1, layer3.5.conv2 256 256 3, layer3.5.conv3 1024 256 1
    layer4.0.conv1 512 1024 1, layer4.0.conv2 512 512 3, layer4.0.conv3 2048 512 1, layer4.0.downsample.0 2048 1024 1
    layer4.1.conv1 512 2048 1, layer4.1.conv2 512 512 3, layer4.1.conv3 2048 512 1
    layer4.2.conv1 512 2048 1, layer4.2.conv2 512 512 3, layer4.2.conv3 2048 512 1`,
} as const;

export interface TorchConvolution {
  readonly name: string;
  /** The batch norm behind it. */
  readonly norm: string;
  readonly filters: number;
  readonly channels: number;
  readonly kernel: number;
}

export type TorchResNet = keyof typeof written;

export const torchResNets = Object.fromEntries(
  Object.entries(written).map(([network, text]) => [
    network,
    text
      .trim()
      .split(/[,\n]/u)
      .map((item): TorchConvolution => {
        const [name = "", ...sizes] = item.trim().split(" ");
        const [filters = NaN, channels = NaN, kernel = NaN] = sizes.map(Number);
        const norm = name.endsWith("downsample.0")
          ? name.replace("downsample.0", "downsample.1")
          : name.replace(/conv(\d)$/u, "bn$1");
        return { name, norm, filters, channels, kernel };
      }),
  ]),
) as Record<TorchResNet, TorchConvolution[]>;
