// Proof that replaying a recorded step is cheap and leaks nothing: `npm run prove:replay [steps]`.
//
// A small DenseNet is recorded and replayed 1,000 times on the WebGPU device. Fails unless a replay costs next to nothing
// over the calls of WebGPU that it cannot do without, no buffer, bind group, pipeline or any other lasting GPU object is
// created after the second step, and neither the heap nor the bytes on the GPU grow.
//
// Those calls are the yardstick: three a launch (pipeline, bind group, dispatch), copied from a replay and made bare, now
// before and now after a replay. How long they take is the binding's, the driver's and the machine's affair.

import { openEngine, softmaxCrossEntropy, valueAndGradients } from "@tessera-gpu/tessera";
import { DenseNet, Initialiser, Linear } from "@tessera-gpu/tessera/nn";
import { Adam } from "@tessera-gpu/tessera/optim";

const steps = Number(process.argv[2] ?? 1000);
if (!(Number.isInteger(steps) && steps >= 500)) {
  console.error("usage: prove-replay.mjs [steps], at least 500: a heap needs so many to come to rest");
  process.exit(2);
}
const [batch, size, classes] = [2, 8, 10];
/** Median replay over median of the bare calls. */
const mostOfBare = 1.15;
/** What a launch should take at most on a quiet machine of today; printed, but a slow machine is not our failure. */
const aimMicroseconds = 8;
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

/** Milliseconds: whole replays, what of them is the queue's submit, and the bare calls. */
const times = new Float64Array(steps);
const submits = new Float64Array(steps);
const bareTimes = new Float64Array(steps);
const submitted = timeSubmits(engine.backend.gpu.device);
let bare;
const heap = [];
const bytes = [];
let atSecond;
let last = NaN;
for (let step = 1; step <= steps; step++) {
  // The second of the two finds warmer caches, so they take turns in being it. The first replay has to be listened to.
  const bareFirst = bare !== undefined && step % 2 === 0;
  if (bareFirst) bareTimes[step - 1] = await timed(bare);
  const before = submitted.milliseconds;
  times[step - 1] = await timed(() => program.run());
  submits[step - 1] = submitted.milliseconds - before;
  bare ??= await bareReplay(engine, program);
  if (step === 2) atSecond = { ...created };
  if (!bareFirst) bareTimes[step - 1] = await timed(bare);
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
/** Median in microseconds a launch. */
const perLaunch = (milliseconds) => (1000 * milliseconds.toSorted()[Math.floor(steps / 2)]) / launches;
const [whole, submit, least] = [times, submits, bareTimes].map(perLaunch);
const passing = new Set(["createCommandEncoder"]); // one a replay, gone with it
const grown = Object.entries(created).filter(
  ([name, count]) => !passing.has(name) && count > (atSecond[name] ?? 0),
);
console.log(`adapter                      ${engine.traits.name}`);
console.log(`launches a step              ${launches}, ${program.plan.pipelines} pipelines`);
console.log(
  `a replay, us a launch        ${whole.toFixed(2)} median of ${steps}, of it ${submit.toFixed(2)} submit; ` +
    `aim ${aimMicroseconds}: ${whole <= aimMicroseconds ? "reached" : "not reached here"}`,
);
console.log(
  `the same calls, bare         ${least.toFixed(2)}: a replay takes ${(whole / least).toFixed(2)} times as long`,
);
console.log(
  `GPU objects after step 2     ${grown.length === 0 ? "none" : grown.map((each) => each.join(" ")).join(", ")}`,
);
console.log(
  `heap after collections       ${heap.map(([, each]) => (each / 1e6).toFixed(2)).join(" ")} MB: ${slope.toFixed(0)} bytes a step`,
);
console.log(`bytes on the GPU             ${[...new Set(bytes)].join(" ")}`);
const fails = [
  whole > aimMicroseconds &&
    whole > mostOfBare * least &&
    `a replay takes over ${mostOfBare} times its bare calls`,
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

/** Milliseconds of JavaScript. On a software device the last step would compete for the same cores, so it is over. */
async function timed(calls) {
  await engine.synchronise();
  const start = performance.now();
  calls();
  return performance.now() - start;
}

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

/** Adds up how long the queue's submit takes. */
function timeSubmits(device) {
  const total = { milliseconds: 0 };
  const submit = device.queue.submit.bind(device.queue);
  device.queue.submit = (commands) => {
    const start = performance.now();
    submit(commands);
    total.milliseconds += performance.now() - start;
  };
  return total;
}

/** Listens to one replay and returns a function that makes the calls it made on WebGPU, and nothing else. */
async function bareReplay(engine, program) {
  const { device } = engine.backend.gpu;
  const calls = [];
  const makeEncoder = device.createCommandEncoder;
  device.createCommandEncoder = () => {
    const encoder = makeEncoder();
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = () => {
      const pass = begin();
      for (const name of ["setPipeline", "setBindGroup", "dispatchWorkgroups"]) {
        const call = pass[name].bind(pass);
        pass[name] = (...given) => {
          calls.push([name, given]);
          call(...given);
        };
      }
      return pass;
    };
    return encoder;
  };
  program.run();
  device.createCommandEncoder = makeEncoder;
  await engine.synchronise();
  const launched = [];
  let pipeline, group;
  for (const [name, [first, second]] of calls) {
    if (name === "setPipeline") pipeline = first;
    else if (name === "setBindGroup") group = second;
    else launched.push({ pipeline, group, x: first, y: second });
  }
  return () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, group, x, y } of launched) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
}
