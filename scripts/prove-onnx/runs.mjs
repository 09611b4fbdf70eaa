// What prove-onnx trains: a manifest for each network and head.

const knows = {
  A: ["mass", "consolidation", "effusion", "pneumothorax"],
  B: ["consolidation", "effusion", "pneumothorax", "cardiomegaly"],
};
const flat = "[mass, consolidation, effusion, pneumothorax, cardiomegaly]";
const tree = "[{ opacity: [mass, consolidation] }, effusion, pneumothorax, cardiomegaly]";

const manifest = ({ classes = flat, size, channels, model, head, images = 64, batch = 16 }) => `
classes: ${classes}
image: { height: ${size}, width: ${size}, channels: ${channels} }
sources:
  - { name: A, format: phantoms, site: A, count: ${images}, knows: [${knows.A}] }
  - { name: B, format: phantoms, site: B, count: ${images}, knows: [${knows.B}] }
test: { format: phantoms, site: both, count: 30 }
model: ${model}
train: { batch: ${batch}, epochs: 1, warmupEpochs: 0, learningRate: 0.002${head} }
`;

const heads = {
  queries: "",
  "queries without a bias": ", headBias: none",
  "queries with a bias per class": ", headBias: class",
  "queries with both biases": ", headBias: both",
  linear: ", head: linear",
  "per-source": ", head: per-source",
  dynamic: ", head: dynamic",
};
const networks = {
  DenseNet: {
    ...{ size: 32, channels: 1 },
    model: "{ stem: { features: 8, stride: 2, pool: true }, blocks: [2, 2, 2], growth: 8, bottleneck: 2 }",
  },
  ResNet: {
    ...{ size: 32, channels: 3 },
    model: "{ backbone: resnet18, stem: { features: 8, kernel: 3, stride: 1, pool: false } }",
  },
};

export const smallRuns = [
  ...Object.entries(networks).flatMap(([network, settings]) =>
    Object.entries(heads).map(([name, head]) => ({
      name: `${network}, ${name}`,
      ...settings,
      manifest: manifest({ ...settings, head }),
    })),
  ),
  {
    name: "DenseNet, classes above classes",
    ...networks.DenseNet,
    manifest: manifest({ ...networks.DenseNet, classes: tree, head: "" }),
  },
];

/** Those of which torchvision has the same. */
export const largeRuns = ["densenet121", "resnet18"].map((backbone) => {
  const settings = { size: 64, channels: 3, model: `{ backbone: ${backbone} }`, images: 8, batch: 4 };
  return { name: backbone, ...settings, isLarge: true, manifest: manifest({ ...settings, head: "" }) };
});
