// Times Tessera, and tfjs on the same adapter where the kit has it, at sizes that fill a GPU; torch-sizes.py times
// works of the same names. Results are checked in samples before they are timed. Writes all medians to a file.
//
// usage: node scripts/gpu-check/sizes.mjs FILE.json     from the root of the kit, or of a checkout with bench/dist

import { existsSync, writeFileSync } from "node:fs";
import { isRehearsal, tell } from "./commands.mjs";
import {
  Adam,
  Initialiser,
  Linear,
  batchNorm,
  conv2d,
  densenet121,
  matmul,
  openEngine,
  operators,
  softmaxCrossEntropy,
  valueAndGradients,
} from "./modules.mjs";
import { checkSamples, convolutionElements, drawing, matmulElement } from "./problems.mjs";

const n = isRehearsal ? 128 : 2048;
const [images, size, channels, normalised] = isRehearsal ? [1, 14, 64, 64] : [32, 56, 64, 256];
// Not below 64: two images of 32 are two pixels in the last block, and what a batch norm makes of two values is their order.
const [pixelsAcross, batches] = isRehearsal ? [64, [2]] : [224, [16, 32]];
const classes = 6;
/** Training steps: in all, of them before the clock counts, and queued without waiting for the loss. */
const [steps, untimed, queued] = isRehearsal ? [6, 1, 2] : [25, 5, 20];

const draw = drawing();
/** Medians in milliseconds by work, then by who does it. */
const medians = {};

await timeOperators();
for (const batch of batches) await timeTraining(batch);
writeFileSync(process.argv[2], JSON.stringify(medians));
// tfjs keeps timers of its own, which would keep the process.
process.exit(0);

function report(work, who, milliseconds, { flops, bytes, count }) {
  medians[work] = { ...medians[work], [who]: milliseconds };
  const digits = (value) => (value < 100 ? value.toPrecision(3) : value.toFixed(0));
  let speed;
  if (flops !== undefined) speed = `${digits(flops / milliseconds / 1e6)} GFLOP/s`;
  else if (bytes !== undefined) speed = `${digits(bytes / milliseconds / 1e6)} GB/s`;
  else speed = `${digits((1000 * count) / milliseconds)} images/s`;
  console.log(`> ${work.padEnd(26)} ${who.padEnd(14)} ${milliseconds.toFixed(3).padStart(9)} ms  ${speed}`);
}

/** What is computed, with its inputs, its amount of work, and the definition of its results. */
function works() {
  const [a, b] = [draw(n, n), draw(n, n)];
  const x = draw(images, size, size, channels);
  const w = draw(3, 3, channels, channels);
  const dy = draw(images, size, size, channels);
  const maps = draw(images, size, size, normalised);
  const gradient = draw(images, size, size, normalised);
  const [gamma, beta, mean, noise] = Array.from({ length: 4 }, () => draw(normalised));
  const variance = { ...noise, data: noise.data.map((value) => 1 + 0.5 * value) };

  const geometry = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] };
  const inputGradient = (engine, g, f) =>
    engine.run(operators.conv2dInputGradient, [g, f], { ...geometry, inputShape: x.shape });
  const weightGradient = (engine, p, g) =>
    engine.run(operators.conv2dWeightGradient, [p, g], { ...geometry, filterShape: w.shape });
  const forward = (p, f) => conv2d(p, f, { padding: 1 });
  const elements = convolutionElements(x, w, dy);
  const flops = 2 * images * size * size * 9 * channels * channels;
  const bytes = 4 * maps.data.length;
  return [
    {
      name: "matmul",
      inputs: [a, b],
      amount: { flops: 2 * n ** 3 },
      tfjs: "matmul",
      elements: [matmulElement(a, b)],
      body: (_, p, q) => [matmul(p, q)],
    },
    {
      name: "conv-forward",
      inputs: [x, w],
      amount: { flops },
      tfjs: "conv2d",
      elements: [elements.forward],
      body: (_, p, f) => [forward(p, f)],
    },
    {
      name: "conv-input-gradient",
      inputs: [dy, w],
      amount: { flops },
      elements: [elements.inputGradient],
      body: inputGradient,
    },
    {
      name: "conv-weight-gradient",
      inputs: [x, dy],
      amount: { flops },
      elements: [elements.weightGradient],
      body: weightGradient,
    },
    {
      name: "conv-forward-backward",
      inputs: [x, w, dy],
      amount: { flops: 3 * flops },
      tfjs: "conv2dAndGradients",
      elements: [elements.forward, elements.inputGradient, elements.weightGradient],
      body: (engine, p, f, g) => [
        forward(p, f),
        ...inputGradient(engine, g, f),
        ...weightGradient(engine, p, g),
      ],
    },
    {
      name: "batch-norm-forward",
      inputs: [maps, gamma, beta],
      amount: { bytes: 3 * bytes },
      elements: [],
      body: (_, p, q, r) => [batchNorm(p, q, r).y],
    },
    {
      name: "batch-norm-backward",
      inputs: [maps, gamma, mean, variance, gradient],
      amount: { bytes: 5 * bytes },
      elements: [],
      body: (engine, ...tensors) => engine.run(operators.batchNormGradient, tensors, { epsilon: 1e-5 }),
    },
  ];
}

async function timeOperators() {
  const engine = await openEngine({ device: "webgpu" });
  const tfjs = await openTfjs();
  for (const { name, inputs, amount, tfjs: work, elements, body } of works()) {
    const tensors = inputs.map(({ data, shape }) => engine.tensor(data, shape));
    const outputs = engine.scope(() => body(engine, ...tensors));
    for (const [i, element] of elements.entries()) checkSamples(name, await outputs[i].read(), element);
    for (const output of outputs) output.dispose();
    const milliseconds = await median(async (count) => {
      for (let i = 0; i < count; i++) engine.scope(() => void body(engine, ...tensors));
      await engine.synchronise();
    });
    report(name, "tessera", milliseconds, amount);
    for (const tensor of tensors) tensor.dispose();

    if (work === undefined || tfjs === undefined) continue;
    const subject = await tfjs.open(work, inputs, {});
    const results = await subject.results();
    for (const [i, values] of results.entries()) checkSamples(`${name} by tfjs`, values, elements[i]);
    const runMany = (count) => Promise.all(Array.from({ length: count }, () => subject.run()));
    report(name, "tfjs", await median(runMany), amount);
    subject.dispose();
  }
  engine.close();
}

/** tfjs on the adapter of this process, as the benchmarks load it; undefined where it was not packed. */
async function openTfjs() {
  if (!existsSync("bench/peers/dist/tfjs.cjs")) return undefined;
  const { openTfjs: open } = await import("../../bench/dist/harness/peers.js");
  const { dawn } = await import("../../bench/dist/implementations/dawn.js");
  return open(await dawn());
}

/** Median milliseconds of one run. Runs are queued together, since Dawn in Node answers once a millisecond. */
async function median(runMany) {
  const timed = async (count) => {
    const started = performance.now();
    await runMany(count);
    return performance.now() - started;
  };
  await timed(2); // compiles
  const once = await timed(1);
  const count = isRehearsal ? 1 : Math.max(1, Math.min(64, Math.round(60 / once)));
  const times = [];
  for (let i = 0; i < (isRehearsal ? 3 : 11); i++) times.push((await timed(count)) / count);
  return middle(times);
}

function middle(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** A plain supervised step as PyTorch's: one view, softmax cross-entropy of six classes, Adam. */
async function timeTraining(batch) {
  const engine = await openEngine({ device: "webgpu" });
  const init = new Initialiser(engine, 1);
  const network = densenet121(engine, init, 1);
  const head = new Linear(engine, init, network.features, classes);
  const parameters = [...network.parameters().values(), ...head.parameters().values()];
  const optimiser = new Adam(parameters, { learningRate: 1e-4 });
  const pixels = draw(batch, pixelsAcross, pixelsAcross, 1);
  const labels = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) labels[i * classes + (i % classes)] = 1;
  const program = await engine.record(() => {
    const x = engine.feed(() => pixels.data, pixels.shape);
    const y = engine.feed(() => labels, [batch, classes]);
    const { value, gradients } = valueAndGradients(
      () => softmaxCrossEntropy(head.forward(network.forward(x, "training")), y),
      parameters,
    );
    optimiser.step(gradients);
    return value;
  });

  const losses = [];
  const times = [];
  for (let step = 0; step < steps; step++) {
    const started = performance.now();
    program.run();
    losses.push((await program.result.read())[0]);
    if (step >= untimed) times.push(performance.now() - started);
  }
  const name = `densenet121-batch-${batch}`;
  report(name, "tessera", middle(times), { count: batch });
  const started = performance.now();
  for (let step = 0; step < queued; step++) program.run();
  await engine.synchronise();
  report(name, "tessera queued", (performance.now() - started) / queued, { count: batch });

  const launches = [...program.plan.launches.values()].reduce((sum, count) => sum + count, 0);
  const [first, last] = [losses[0], losses[steps - 1]];
  tell(`${launches} launches a step; loss ${first.toFixed(4)} to ${last.toFixed(4)} in ${steps} steps`);
  if (!(last < first)) throw new Error(`${steps} steps on one batch did not lower the loss`);
  engine.close();
}
