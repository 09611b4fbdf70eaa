// A convnet on CIFAR-10 with softmax cross-entropy, as a task of the training loop: optimiser, schedule, checkpoints, resume
// and metrics are the loop's. `npx tessera report RUN` makes a page of the run. The files named below are an excerpt; with
// the published ones, `files` names cifar-10-batches-bin/data_batch_1.bin to data_batch_5.bin, and test_batch.bin.
//   node examples/cifar-softmax/train.mjs DATA RUN [EPOCHS] [--resume]
import * as tessera from "@tessera-gpu/tessera";
import * as data from "@tessera-gpu/tessera/data";
import { accuracy } from "@tessera-gpu/tessera/metrics";
import { BatchNorm, Conv2d, Initialiser, Linear, Module } from "@tessera-gpu/tessera/nn";
import { batchedOutputs, trainTask } from "@tessera-gpu/tessera/training";
const { augmentImages, globalAveragePool, maxPool2d, normaliseImages, openEngine } = tessera;
const [dataRoot, out, epochs = "10"] = process.argv.slice(2).filter((word) => word !== "--resume");
const manifest = `
classes: [airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck]
image: { height: 32, width: 32, channels: 3 }
sources: [{ name: CIFAR-10, format: cifar, files: [cifar10/data_batch_1_first4000.bin.gz] }]
test: { format: cifar, files: [cifar10/test_batch_first1000.bin.gz] }`;
const [seed, batch, widths] = [1, 50, [3, 32, 64, 128]];
const normalisation = { mean: [0.491, 0.482, 0.447], deviation: [0.247, 0.243, 0.262] };
const views = { ...normalisation, flip: 0.5, shift: 4 };

class ConvNet extends Module {
  constructor(engine) {
    super(engine);
    const init = new Initialiser(engine, seed);
    this.blocks = widths.slice(1).map((width, i) => ({
      convolution: this.child(`conv${i}`, new Conv2d(engine, init, widths[i], width, { kernel: 3 })),
      norm: this.child(`norm${i}`, new BatchNorm(engine, width)),
    }));
    this.head = this.child("head", new Linear(engine, init, widths.at(-1), 10));
  }
  forward(images, mode) {
    const convolve = (x, { convolution, norm }) => tessera.relu(norm.forward(convolution.forward(x), mode));
    const maps = this.blocks.reduce((x, block) => maxPool2d(convolve(x, block), { window: 2 }), images);
    return this.head.forward(globalAveragePool(maps));
  }
}

const engine = await openEngine();
const assembly = await data.loadAssembly(data.parseManifest(manifest, "cifar"), { dataRoot, seed });
const sampler = new data.Sampler(assembly.sources, { sampling: "proportional", batch, seed });
const [train, test] = [...assembly.sources, assembly.test].map((set) => ({
  ...set,
  pixels: engine.tensor(data.pixelsInMemory(set), [set.count, 32, 32, 3], "u8"),
  targets: engine.tensor(Float32Array.from(set.states), [set.count, 10]), // one-hot: no label is absent
}));
const task = {
  module: new ConvNet(engine),
  twin: () => new ConvNet(engine),
  terms: ["total"],
  stepsPerEpoch: sampler.stepsPerEpoch,
  variantAt: () => "step",
  losses(_, inputs) {
    const rows = engine.feed(() => inputs().rows, [batch], "u32");
    const draw = engine.feed(() => Uint32Array.of(seed, 0, inputs().step, 0), [4], "u32"); // [key, key, step, 0]
    const images = augmentImages(tessera.takeRows(train.pixels, rows), draw, views);
    const logits = this.module.forward(images, "training");
    return { total: tessera.softmaxCrossEntropy(logits, tessera.takeRows(train.targets, rows)) };
  },
  async *inputs(first, count) {
    for (const rows of sampler.steps(first - 1, count)) yield { step: first++, rows };
  },
  parts: ["test"],
  async judge(module, part, options) {
    const images = (rows) => normaliseImages(tessera.takeRows(test.pixels, rows), normalisation);
    const forward = (rows) => module.forward(images(rows), "inference");
    const logits = await batchedOutputs(engine, test.count, batch, forward, options);
    const score = accuracy(logits, test.states, 10);
    return { score, report: { accuracy: score } };
  },
  settings: { network: widths, views, batch, seed },
  data: await data.assemblyDigest(assembly),
};
const schedule = { by: "cosine", warmup: 40 };
const settings = { epochs: Number(epochs), learningRate: 0.003, optimiser: { by: "adamw" }, schedule };
const options = { name: "cifar-softmax", out, resume: process.argv.includes("--resume") };
const { summary } = await trainTask(task, settings, { ...options, listener: { epoch: console.log } });
console.log(`accuracy ${summary.score} after ${summary.epochs} epochs`);
engine.close();
