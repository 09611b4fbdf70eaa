// Proof that training is not bound by its input: `npm run prove:loader [-- --data-root FOLDER] [-- --batch 48]`.
//
// Decodes real radiographs (chestxray14/images_64 below --data-root; drawn ones where there are none) into a cache of its
// own, then again from the cache, and says how many images a second that is. Then the loader alone against training steps
// of the examples' small network, on the WebGPU device: with images that stay on the device, and with images streamed from
// the cache. Fails unless the loader alone is at least five times as fast as training, both times.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PNG } from "pngjs";
import { openEngine, takeRows } from "@tessera-gpu/tessera";
import { samplerOf, trainClassifier, viewPresets } from "@tessera-gpu/tessera/assemble";
import { decodeAssembly, phantoms } from "@tessera-gpu/tessera/data";
import { TrainingImages } from "../dist/training/training-images.js";

const { values: options } = parseArgs({
  options: {
    "data-root": { type: "string", default: process.env["TESSERA_DATA"] ?? "../shared/data" },
    batch: { type: "string", default: "48" },
  },
});
const batch = Number(options.batch);
/** The loader alone over training, in images a second. */
const least = 5;
const [drawnImages, trainedImages, classes] = [1000, 4 * batch, 14];
const size = { height: 64, width: 64, channels: 1 };

const temporary = mkdtempSync(join(tmpdir(), "tessera-prove-"));
const fails = [];
try {
  await prove();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (fails.length > 0) {
  console.error(`FAILED: ${fails.join("; ")}`);
  process.exitCode = 1;
} else console.log("passed");

async function prove() {
  const files = radiographs();
  const cache = join(temporary, "cache");
  const cold = await decode(files, cache);
  say(
    "decoded",
    `${files.length} files in ${cold.seconds.toFixed(2)} s: ${rate(files.length, cold.seconds)}`,
  );
  const warm = await decode(files, cache);
  say("from the cache", `${warm.seconds.toFixed(2)} s: ${rate(files.length, warm.seconds)}`);
  if (warm.decoded.images > 0) fails.push(`${warm.decoded.images} images were decoded again`);
  const streamed = await decode(files, cache, files.length * 64 * 64 - 1);

  const engine = await openEngine({ device: "webgpu" });
  say("device", engine.traits.name);
  const some = await decode(files.slice(0, trainedImages), cache);
  const training = {
    resident: await trainingRate(engine, some.set, undefined),
    streamed: await trainingRate(
      engine,
      (await decode(files.slice(0, trainedImages), cache, 2 * batch * 64 * 64)).set,
    ),
  };
  const alone = {
    resident: await residentRate(engine, warm.set),
    streamed: await streamedRate(engine, streamed.set),
  };
  for (const kind of ["resident", "streamed"]) {
    const times = alone[kind] / training[kind];
    say(
      kind,
      `loader alone ${Math.round(alone[kind])} images/s, training ${training[kind].toFixed(1)} images/s: ` +
        `${times.toFixed(0)} times as fast`,
    );
    if (!(times >= least)) fails.push(`the ${kind} loader is not ${least} times as fast as training`);
  }
  await streamed.set.pixels.close();
  engine.close();
}

/** The image files to load: real ones, or drawn ones in a folder of our own. */
function radiographs() {
  const folder = resolve(options["data-root"], "chestxray14/images_64");
  if (existsSync(folder)) {
    const files = readdirSync(folder).filter((name) => name.endsWith(".png"));
    say("images", `${files.length} of ${folder}`);
    return files.map((name) => join(folder, name));
  }
  say("images", `${drawnImages} drawn ones: ${folder} is not there`);
  const drawn = join(temporary, "drawn");
  mkdirSync(drawn);
  const { pixels } = phantoms({ count: drawnImages, size: 64, site: "A", seed: 1 });
  return Array.from({ length: drawnImages }, (_, i) => {
    const file = join(drawn, `${i}.png`);
    const picture = new PNG({ width: 64, height: 64 });
    for (let at = 0; at < 64 * 64; at++) picture.data.fill(pixels[i * 64 * 64 + at], 4 * at, 4 * at + 3);
    for (let at = 0; at < 64 * 64; at++) picture.data[4 * at + 3] = 255;
    writeFileSync(file, PNG.sync.write(picture, { colorType: 0 }));
    return file;
  });
}

/** One image set of files, with labels that are made up: what is loaded does not depend on them. */
async function decode(files, cache, memory = 2 ** 32) {
  const states = Uint8Array.from({ length: files.length * classes }, (_, i) => [0, 1, 255][i % 3]);
  const samples = files.map((file) => ({ id: file, image: { kind: "file", file } }));
  const list = { source: "radiographs", part: "train", samples, states, uncertain: new Uint32Array(classes) };
  const names = Array.from({ length: classes }, (_, k) => `class ${k}`);
  const start = performance.now();
  const { sets, decoded } = await decodeAssembly(
    { classes: names, image: size, lists: [list] },
    { cache, memory, skipBad: false },
  );
  return { set: sets[0], names, decoded, seconds: (performance.now() - start) / 1000 };
}

/** Images a second of whole training steps: both views, all losses, Adam. */
async function trainingRate(engine, set, memory) {
  const network = {
    inputChannels: 1,
    stem: { features: 24, kernel: 5, stride: 2, pool: false },
    ...{ blocks: [3, 3, 3], growth: 12, bottleneck: null, compression: 0.5 },
  };
  const epochs = 3;
  const ends = [];
  const assembly = { classes: Array.from({ length: classes }, (_, k) => `${k}`), sources: [set], test: set };
  const settings = {
    ...{ network, batch, epochs, memory, seed: 1, evaluate: "end", warmupEpochs: 0, learningRate: 1e-3 },
    normalisation: { mean: [0.5], deviation: [0.25] },
    weak: viewPresets["paper-weak"],
    strong: viewPresets["paper-strong"],
    ...{ lambdaPseudo: 1, lambdaConsistency: 1, threshold: 0.5, temperature: 4, stopGradient: true },
  };
  const controller = new AbortController();
  // The first epoch compiles the kernels. The last one is timed at its last step: then follows the evaluation.
  const steps = Math.floor(set.count / batch);
  const { classifier } = await trainClassifier(
    engine,
    assembly,
    settings,
    {
      step: ({ step }) => {
        if (step % steps === 0) ends.push(performance.now());
        if (step === epochs * steps) controller.abort();
      },
    },
    controller.signal,
  );
  classifier.dispose();
  return (1000 * (epochs - 1) * steps * batch) / (ends[epochs - 1] - ends[0]);
}

/** Images a second of indices fed and rows taken on the device, and nothing else. */
async function residentRate(engine, set) {
  const sampler = samplerOf({ sources: [set] }, { batch, seed: 1 });
  const images = new TrainingImages(engine, [set], batch);
  if (images.resident === undefined) throw new Error(`${set.count} images do not fit on the device`);
  let rows;
  const program = await engine.record(() => {
    const indices = engine.feed(() => rows, [batch], "u32");
    return [takeRows(images.resident.pixels, indices), takeRows(images.resident.states, indices)];
  });
  const seconds = await timed(engine, images, sampler, (step) => {
    ({ rows } = step);
    program.run();
  });
  program.dispose();
  await images.close();
  return seconds;
}

/** Images a second of batches read from the cache and written to the device. */
async function streamedRate(engine, set) {
  const sampler = samplerOf({ sources: [set] }, { batch, seed: 1 });
  const images = new TrainingImages(engine, [set], batch, set.count * 64 * 64 - 1);
  if (images.resident !== undefined) throw new Error("images to be streamed are on the device");
  const pixels = engine.tensor(new Uint8Array(batch * 64 * 64), [batch, 64, 64, 1], "u8");
  const states = engine.tensor(new Uint8Array(batch * classes), [batch, classes], "u8");
  const result = await timed(engine, images, sampler, (step) => {
    engine.write(pixels, step.pixels);
    engine.write(states, step.states);
  });
  pixels.dispose();
  states.dispose();
  await images.close();
  return result;
}

/** Epochs of steps for two seconds, after one to warm up; images a second. */
async function timed(engine, images, sampler, take) {
  let taken = 0;
  const epoch = async (at) => {
    for await (const step of images.steps(sampler.steps(at * sampler.stepsPerEpoch, sampler.stepsPerEpoch))) {
      take(step);
      taken += batch;
    }
    await engine.synchronise();
  };
  await epoch(0);
  taken = 0;
  const start = performance.now();
  for (let at = 1; performance.now() - start < 2000; at++) await epoch(at);
  return (1000 * taken) / (performance.now() - start);
}

function rate(images, seconds) {
  return `${Math.round(images / seconds)} images/s`;
}

function say(what, text) {
  console.log(`${what.padEnd(16)} ${text}`);
}
