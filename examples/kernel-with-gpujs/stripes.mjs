// One half in gpu.js, the other here: a kernel of gpu.js computes features of drawn images, Tessera trains a softmax on
// them, and its weights go back into a kernel of gpu.js that classifies new images. Plain loops check every value.
//
//   npm install gpu.js
//   node examples/kernel-with-gpujs/stripes.mjs
//
// gpu.js computes on the CPU here, which every machine has. On WebGL, a kernel with { pipeline: true } returns a texture; that
// is data for engine.tensor too.

import { GPU, Input } from "gpu.js";
import { equal, linear, openEngine, softmaxCrossEntropy, valueAndGradients } from "@tessera-gpu/tessera";
import { Adam } from "@tessera-gpu/tessera/optim";

// The images: stripes in one of three directions, each with a phase of its own, and noise.
const [count, size, classes, features] = [100, 16, 3, 4];
function draw(seed) {
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const labels = Int32Array.from({ length: count }, () => Math.floor(classes * random()));
  const pixels = [...labels].flatMap((label) => {
    const [angle, phase] = [(label * Math.PI) / classes, 6 * random()];
    return Array.from({ length: size * size }, (_, i) => {
      const along = (i % size) * Math.cos(angle) + Math.floor(i / size) * Math.sin(angle);
      return Math.sin(0.9 * along + phase) + 0.5 * (random() - 0.5);
    });
  });
  return { labels, pixels };
}

// Features in gpu.js: mean products of the two slopes, which tell the direction of stripes wherever these begin, and the
// mean brightness, which tells nothing.
const gpu = new GPU({ mode: "cpu" });
const slopes = gpu
  .createKernel(function (images) {
    let sum = 0;
    for (let h = 1; h < this.constants.size; h++) {
      for (let w = 1; w < this.constants.size; w++) {
        const at = h * this.constants.size + w;
        const across = images[this.thread.y][at] - images[this.thread.y][at - 1];
        const down = images[this.thread.y][at] - images[this.thread.y][at - this.constants.size];
        if (this.thread.x === 0) sum += across * across - down * down;
        if (this.thread.x === 1) sum += 2 * across * down;
        if (this.thread.x === 2) sum += across * across + down * down;
        if (this.thread.x === 3) sum += images[this.thread.y][at];
      }
    }
    return sum / (this.constants.size - 1) / (this.constants.size - 1);
  })
  .setConstants({ size })
  .setOutput([features, count]);
// Flat pixels with their extents, the innermost first. (Not with setDynamicArguments(true): gpu.js 2.24.1 then takes the
// output's width for the input's, on the CPU.)
const featuresOf = ({ pixels }) => slopes(new Input(pixels, [size * size, count]));

// The training in Tessera: the kernel's rows and the labels are data as they are.
const training = draw(1);
const engine = await openEngine();
const x = engine.tensor(featuresOf(training)); // [100, 4]
const labels = engine.tensor(training.labels, [count, 1], "f32");
const targets = equal(labels, engine.tensor([[0, 1, 2]])); // [100, 3], one-hot
const weight = engine.zeros([features, classes]);
const bias = engine.zeros([classes]);
const adam = new Adam([weight, bias], { learningRate: 0.3 });
const losses = [];
for (let step = 0; step < 40; step++) {
  const value = engine.scope(() => {
    const loss = valueAndGradients(
      () => softmaxCrossEntropy(linear(x, weight, bias), targets),
      [weight, bias],
    );
    adam.step(loss.gradients);
    return loss.value;
  });
  losses.push(await value.item());
}
console.log(`loss ${losses[0].toFixed(3)} to ${losses.at(-1).toFixed(3)} on features by gpu.js`);

// New images, classified in gpu.js: tensors are given back as an Input, or as rows of Float32Array.
const test = draw(2);
const tested = engine.tensor(featuresOf(test));
const classify = gpu
  .createKernel(function (features, weight, bias) {
    let sum = bias[this.thread.x];
    for (let i = 0; i < this.constants.features; i++) {
      sum += features[this.thread.y][i] * weight[i][this.thread.x];
    }
    return sum;
  })
  .setConstants({ features })
  .setOutput([classes, count]);
const { value, size: extents } = await tested.gpujsInput();
const scores = classify(new Input(value, extents), await weight.nested(), await bias.nested());
const right = scores.filter((row, i) => row.indexOf(Math.max(...row)) === test.labels[i]).length;
console.log(`${right} of ${count} new images classified by gpu.js with weights by Tessera`);

// The same by plain loops, and Tessera's scores of the same features.
const [scoresHere, weights, biases] = await Promise.all(
  [linear(tested, weight, bias), weight, bias].map((tensor) => tensor.read()),
);
let worst = 0;
for (let n = 0; n < count; n++) {
  const pixel = (h, w) => test.pixels[(n * size + h) * size + w];
  const plain = [0, 0, 0, 0];
  for (let h = 1; h < size; h++) {
    for (let w = 1; w < size; w++) {
      const [across, down] = [pixel(h, w) - pixel(h, w - 1), pixel(h, w) - pixel(h - 1, w)];
      const products = [across ** 2 - down ** 2, 2 * across * down, across ** 2 + down ** 2, pixel(h, w)];
      products.forEach((product, f) => {
        plain[f] += product / (size - 1) ** 2;
      });
    }
  }
  for (let k = 0; k < classes; k++) {
    const score = plain.reduce((sum, value, f) => sum + value * weights[f * classes + k], biases[k]);
    for (const other of [scores[n][k], scoresHere[n * classes + k]]) {
      worst = Math.max(worst, Math.abs(other - score));
    }
  }
}
console.log(`${2 * classes * count} scores, largest difference from a plain loop ${worst.toExponential(1)}`);
if (!(worst < 1e-5)) process.exitCode = 1;
engine.close();
await gpu.destroy();
