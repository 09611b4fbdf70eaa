// Proof that replaying a recorded step is cheap and leaks nothing: `npm run prove:replay [steps]`.
//
// A small DenseNet is recorded and replayed 1,000 times on the WebGPU device. Fails unless the median replay takes at
// most 8 microseconds of JavaScript per launch, no buffer, bind group, pipeline or any other lasting GPU object is
// created after the second step, and neither the heap nor the bytes on the GPU grow.

import {
  Adam,
  DenseNet,
  Initialiser,
  Linear,
  openEngine,
  softmaxCrossEntropy,
  valueAndGradients,
} from "tessera";

const steps = Number(process.argv[2] ?? 1000);
const [batch, size, classes] = [2, 8, 10];
const mostMicroseconds = 8;
/** Slope of the heap after collections, over the second half of the steps: less than one small object a step. */
const mostBytesPerStep = 50;

const engine = await openEngine({ device: "webgpu" });
const created = countCreations(engine.backend.gpu.device);

const init = new Initialiser(engine, 1);
const network = new DenseNet(engine, init, {
  inputChannels: 1,
  stem: { features: 24, kernel: 3, stride: 1, pool: false },
  blocks: [4, 4, 4],
  growth: 12,
  bottleneck: null,
  compression: 0.5,
});
const head = new Linear(engine, init, network.features, classes);
const parameters = [...network.parameters().values(), ...head.parameters().values()];
const optimiser = new Adam(parameters, { learningRate: 1e-4 });
const images = Float32Array.from({ length: batch * size * size }, (_, i) => Math.sin(i));
const labels = Float32Array.from({ length: batch * classes }, (_, i) => (i % classes === 3 ? 1 : 0));

const program = await engine.record(() => {
  const x = engine.feed(() => images, [batch, size, size, 1]);
  const y = engine.feed(() => labels, [batch, classes]);
  const { value, gradients } = valueAndGradients(
    () => softmaxCrossEntropy(head.forward(network.forward(x, "training")), y),
    parameters,
  );
  optimiser.step(gradients);
  return value;
});
const losses = program.follow(program.result, 10);
const launches = [...program.plan.launches.values()].reduce((sum, count) => sum + count, 0);

const times = new Float64Array(steps);
const heap = [];
const bytes = [];
let atSecond;
let last = NaN;
for (let step = 1; step <= steps; step++) {
  // On a software device the last step would compete for the same cores: JavaScript is timed while the device rests.
  await engine.synchronise();
  const start = performance.now();
  program.run();
  times[step - 1] = performance.now() - start;
  if (step === 2) atSecond = { ...created };
  while (losses.batches > 1) [last] = await losses.next();
  if (step >= steps / 2 && step % Math.ceil(steps / 20) === 0) {
    globalThis.gc();
    heap.push([step, process.memoryUsage().heapUsed]);
    bytes.push(engine.memory().bytes + engine.memory().pooledBytes);
  }
  if (step % Math.ceil(steps / 10) === 0) process.stderr.write(`step ${step} of ${steps}, loss ${last}\n`);
}
losses.ask();
while (losses.pending > 0) [last] = await losses.next();

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const [at, size0] = [mean(heap.map(([step]) => step)), mean(heap.map(([, used]) => used))];
const slope =
  heap.reduce((sum, [step, used]) => sum + (step - at) * (used - size0), 0) /
  heap.reduce((sum, [step]) => sum + (step - at) ** 2, 0);
const median = times.toSorted()[Math.floor(steps / 2)];
const perLaunch = (1000 * median) / launches;
const passing = new Set(["createCommandEncoder"]); // one a replay, gone with it
const grown = Object.entries(created).filter(
  ([name, count]) => !passing.has(name) && count > (atSecond[name] ?? 0),
);
console.log(`adapter                      ${engine.traits.name}`);
console.log(`launches a step              ${launches}, ${program.plan.pipelines} pipelines`);
console.log(
  `JavaScript a replay          ${median.toFixed(3)} ms median of ${steps}: ${perLaunch.toFixed(2)} us a launch`,
);
console.log(
  `GPU objects after step 2     ${grown.length === 0 ? "none" : grown.map((each) => each.join(" ")).join(", ")}`,
);
console.log(
  `heap after collections       ${heap.map(([, each]) => (each / 1e6).toFixed(2)).join(" ")} MB: ${slope.toFixed(0)} bytes a step`,
);
console.log(`bytes on the GPU             ${[...new Set(bytes)].join(" ")}`);
const fails = [
  perLaunch > mostMicroseconds && `more than ${mostMicroseconds} us a launch`,
  grown.length > 0 && "GPU objects were created",
  slope > mostBytesPerStep && "the heap grows",
  new Set(bytes).size > 1 && "GPU memory changed",
  !Number.isFinite(last) && "the loss is no number",
].filter(Boolean);
engine.close();
if (fails.length > 0) {
  console.error(`FAILED: ${fails.join("; ")}`);
  process.exitCode = 1;
} else console.log("passed");

/** Counts calls of every create... method of a device from now on. */
function countCreations(device) {
  const counts = {};
  for (let proto = device; proto !== null; proto = Object.getPrototypeOf(proto)) {
    for (const name of Object.getOwnPropertyNames(proto)) {
      if (!name.startsWith("create") || name in counts) continue;
      const original = device[name].bind(device);
      counts[name] = 0;
      device[name] = (...given) => {
        counts[name]++;
        return original(...given);
      };
    }
  }
  return counts;
}
