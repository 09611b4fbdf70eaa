// Proof that what `tessera plan` tells is what a run takes: `npm run prove:memory`.
//
// Trains small networks on phantoms, with validation and without, with a moving average and without, of images and of pixels, from
// memory and from steps that are fed, in parts, in phases, and looks at the report's pictures. Of each it compares the bytes that were
// planned before the run with the most that its engine ever had at a time: buffers, uniforms, and what is read back through. Fails where
// they differ by more than 3 %, or a run takes more than was planned.

import {
  labelSpaceOf,
  parseTrainingManifest,
  planTraining,
  predictActivations,
  predictPixels,
  settingsOf,
  trainModel,
} from "@tessera-gpu/tessera/assemble";
import { loadAssembly } from "@tessera-gpu/tessera/data";
import { openEngine } from "@tessera-gpu/tessera";

/** Of what was planned. */
const mostOff = 0.03;

const sources = `
sources:
  - { name: A, format: phantoms, site: A, count: 48, knows: [nodule, effusion] }
  - { name: B, format: phantoms, site: B, count: 48, knows: [effusion, cardiomegaly] }
test: { format: phantoms, site: both, count: 40 }
`;
const validation = "validation: { format: phantoms, site: both, count: 24 }\n";
const classes = "classes: [nodule, effusion, cardiomegaly]\n";
const image = (size) =>
  `image: { height: ${size}, width: ${size}, channels: 1, mean: 0.5, deviation: 0.25 }\n`;
const densenet = "model: { blocks: [2, 2], growth: 8, bottleneck: 2 }\n";
const resnet = "model: { backbone: resnet18, stem: { features: 16, kernel: 3, stride: 2, pool: true } }\n";
const train = (more) => `train: { batch: 16, epochs: 2, warmupEpochs: 1, ${more} }\n`;
const pixels = "task: segmentation\nexclusive: true\n";
const unet = "model: { width: 8, levels: 3 }\n";

/** Whether images are fed although they are in memory. */
const fed = 1;

const configurations = [
  ["DenseNet", classes + image(32) + sources + densenet + train("ema: null")],
  ["DenseNet, validation", classes + image(32) + sources + validation + densenet + train("ema: null")],
  ["DenseNet, average", classes + image(32) + sources + densenet + train("ema: 0.9")],
  [
    "DenseNet, validation, average",
    classes + image(32) + sources + validation + densenet + train("ema: 0.9"),
  ],
  ["ResNet-18", classes + image(32) + sources + resnet + train("ema: null")],
  ["ResNet-18, validation", classes + image(32) + sources + validation + resnet + train("ema: null")],
  ["ResNet-18, average, SGD", classes + image(32) + sources + resnet + train("ema: 0.9, optimiser: sgd")],
  ["ResNet-18, validation, average", classes + image(32) + sources + validation + resnet + train("ema: 0.9")],
  ["U-Net", pixels + classes + image(32) + sources + unet + train("ema: null")],
  [
    "U-Net, validation, average",
    pixels + classes + image(32) + sources + validation + unet + train("ema: 0.9"),
  ],
  ["DenseNet, fed", classes + image(32) + sources + validation + densenet + train("ema: 0.9"), fed],
  [
    "DenseNet, batch in 4 parts",
    classes + image(32) + sources + validation + densenet + train("ema: 0.9, batchSplit: 4"),
  ],
  [
    "DenseNet, in phases, statistics anew",
    classes +
      image(32) +
      sources +
      validation +
      densenet +
      train("ema: 0.9, freeze: [features.conv0], unfreeze: { features: 2 }, reestimate: 40"),
  ],
];

let failed = 0;
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(3).padStart(8);
console.log("planned MiB  used MiB    off  configuration");
for (const [name, text, memory] of configurations) {
  const manifest = parseTrainingManifest(text, `${name}.yaml`);
  const assembly = await loadAssembly(manifest, { dataRoot: ".", seed: 0 });
  const settings = { ...settingsOf(manifest, 0), ...(memory === undefined ? {} : { memory }) };
  const count = assembly.sources.reduce((sum, each) => sum + each.count, 0);
  const engine = await openEngine({ device: "webgpu" });
  const labels = labelSpaceOf(assembly);
  const { total } = (
    await planTraining(engine.traits, settings, manifest.image, labels, settings.batch, count)
  ).memory;
  const { model } = await trainModel(engine, assembly, settings, {}, undefined, {
    save: () => Promise.resolve(),
  });
  if (manifest.task === "segmentation") {
    const { exclusive, exhaustive } = model;
    // As the report looks at test images again.
    await predictPixels(engine, model, assembly.test, { ...settings, exclusive, exhaustive });
  } else {
    const { normalisation, batch, batchSplit = 1 } = settings;
    const size = [160, 160];
    const part = Math.ceil(batch / batchSplit);
    await predictActivations(engine, model, assembly.test, normalisation, part, () => undefined, { size });
  }
  const { peakBytes } = engine.memory();
  model.dispose();
  engine.close();
  const off = peakBytes / total - 1;
  const isWrong = Math.abs(off) > mostOff;
  if (isWrong) failed++;
  const share = `${(100 * off).toFixed(2)} %`.padStart(8);
  console.log(`${mebibytes(total)}    ${mebibytes(peakBytes)} ${share}  ${name}${isWrong ? "  WRONG" : ""}`);
}
if (failed > 0) {
  console.error(`${failed} of ${configurations.length} runs took other memory than was planned`);
  process.exitCode = 1;
}
