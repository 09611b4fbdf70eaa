// gpu.js on the CPU: its "cpu" mode (JavaScript) and its "webasm" mode (WebAssembly with SIMD, and threads because the
// calls are asynchronous).

import { createRequire } from "node:module";
import * as bodies from "./gpujs-kernels.mjs";

const require = createRequire(import.meta.url);
const { GPU } = require("gpu.js");
const { version } = require("gpu.js/package.json");

/** gpu.js in one mode, with the works it can do. */
export async function openGpuJs(mode) {
  const gpu = new GPU({ mode });
  const open = [];
  const kernel = (body, size, constants = {}) => {
    const made = gpu.createKernel(body, {
      output: [size],
      constants,
      constantTypes: Object.fromEntries(Object.keys(constants).map((name) => [name, "Integer"])),
      precision: "single",
      asyncMode: true,
    });
    open.push(made);
    return async (...inputs) => {
      const result = await made(...inputs);
      // A kernel that WebAssembly cannot hold would run as JavaScript under the wrong name.
      const reason = made.kernel?.fallbackReason;
      if (reason) throw new Error(`gpu.js ${mode}: fell back (${reason})`);
      return result;
    };
  };

  const works = {
    matmul: ([a, b], { m, n, k }) => {
      const multiply = kernel(bodies.product, m * n, { n, k });
      return async () => [await multiply(a, b)];
    },
    conv2d: ([x, filter], sizes) => {
      const convolve = kernel(bodies.convolution, sizes.images * sizes.h * sizes.w * sizes.k, sizes);
      return async () => [await convolve(x, filter)];
    },
    conv2dInputGradient: ([dy, filter], sizes) => {
      const gradient = kernel(bodies.inputGradient, sizes.images * sizes.h * sizes.w * sizes.c, sizes);
      return async () => [await gradient(dy, filter)];
    },
    conv2dWeightGradient: ([x, dy], sizes) => {
      const rows = sizes.images * sizes.h * sizes.w;
      const turnX = kernel(bodies.turned, rows * sizes.c, { rows, columns: sizes.c });
      const turnDy = kernel(bodies.turned, rows * sizes.k, { rows, columns: sizes.k });
      const gradient = kernel(bodies.weightGradient, sizes.r * sizes.r * sizes.c * sizes.k, sizes);
      return async () => [await gradient(await turnX(x), await turnDy(dy))];
    },
    conv2dAndGradients: ([x, filter, dy], sizes) => {
      const forward = works.conv2d([x, filter], sizes);
      const dx = works.conv2dInputGradient([dy, filter], sizes);
      const dw = works.conv2dWeightGradient([x, dy], sizes);
      return async () => [...(await forward()), ...(await dx()), ...(await dw())];
    },
    relu: ([x]) => {
      const rectify = kernel(bodies.rectified, x.length);
      return async () => [await rectify(x)];
    },
    add: ([a, b]) => {
      const add = kernel(bodies.sum, a.length);
      return async () => [await add(a, b)];
    },
    batchMoments: ([x], { rows, c }) => {
      const mean = kernel(bodies.channelMean, c, { rows, c });
      const variance = kernel(bodies.channelVariance, c, { rows, c });
      return async () => {
        const m = await mean(x);
        return [Float32Array.of(...m, ...(await variance(x, m)))];
      };
    },
    batchNormInference: ([x, gamma, beta, mean, variance], { c }) => {
      const apply = kernel(bodies.normalised, x.length, { c });
      return async () => [await apply(x, gamma, beta, mean, variance)];
    },
    batchNorm: ([x, gamma, beta], { rows, c }) => {
      const mean = kernel(bodies.channelMean, c, { rows, c });
      const variance = kernel(bodies.channelVariance, c, { rows, c });
      const apply = kernel(bodies.normalised, rows * c, { c });
      return async () => {
        const m = await mean(x);
        const v = await variance(x, m);
        return [await apply(x, gamma, beta, m, v), m, v];
      };
    },
    batchNormGradient: ([x, gamma, mean, variance, dy], { rows, c }) => {
      const dbeta = kernel(bodies.betaGradient, c, { rows, c });
      const dgamma = kernel(bodies.gammaGradient, c, { rows, c });
      const dx = kernel(bodies.normalisedGradient, rows * c, { rows, c });
      return async () => {
        const toBeta = await dbeta(dy);
        const toGamma = await dgamma(x, mean, variance, dy);
        return [await dx(x, gamma, mean, variance, dy, toGamma, toBeta), toGamma, toBeta];
      };
    },
    averagePool2d: ([x], { images, p, q, w, c }) => {
      const pool = kernel(bodies.averageOfWindow, images * p * q * c, { q, w, c });
      return async () => [await pool(x)];
    },
    maxPool2d: ([x], { images, p, q, h, w, c }) => {
      const pool = kernel(bodies.largestOfWindow, images * p * q * c, { p, q, h, w, c });
      return async () => [await pool(x)];
    },
    averagePool2dGradient: ([dy], { images, q, h, w, c }) => {
      const gradient = kernel(bodies.shareOfWindow, images * h * w * c, { q, w, c });
      return async () => [await gradient(dy)];
    },
    maxPool2dGradient: ([x, y, dy], { images, p, q, h, w, c }) => {
      const gradient = kernel(bodies.gradientOfLargest, images * h * w * c, { p, q, h, w, c });
      return async () => [await gradient(x, y, dy)];
    },
    adam: ([parameter, first, second, gradient, hyper]) => {
      const moveFirst = kernel(bodies.firstMoment, parameter.length);
      const moveSecond = kernel(bodies.secondMoment, parameter.length);
      const step = kernel(bodies.adamStep, parameter.length);
      return async () => {
        const m = await moveFirst(first, gradient, hyper);
        const v = await moveSecond(second, gradient, hyper);
        return [await step(parameter, m, v, hyper), m, v];
      };
    },
    sharpen: ([a]) => {
      const sharpen = kernel(bodies.sharpened, a.length);
      return async () => [await sharpen(a)];
    },
    queryInnerProduct: ([features, theta, bias], { batch, k, d }) => {
      const logits = kernel(bodies.classLogits, batch * k, { k, d });
      return async () => [await logits(features, theta, bias)];
    },
    assembleLoss: ([weak, strong, theta, bias, states, weights], { batch, k, d }) => {
      const entries = batch * k;
      const weakLogits = kernel(bodies.classLogits, entries, { k, d });
      const strongLogits = kernel(bodies.classLogits, entries, { k, d });
      const terms = kernel(bodies.lossTerms, 3 * entries, { entries });
      // States as floats: 0, 1, and 2 for absent.
      const known = Float32Array.from(states, (state) => Math.min(state, 2));
      const absent = known.reduce((sum, state) => sum + (state === 2 ? 1 : 0), 0);
      const divisors = [entries - absent, absent, absent].map((count) => Math.max(1, count));
      return async () => {
        const [zw, zs] = [await weakLogits(weak, theta, bias), await strongLogits(strong, theta, bias)];
        const all = await terms(zw, zs, known);
        const parts = divisors.map((divisor, term) => {
          let sum = 0;
          for (let i = term * entries; i < (term + 1) * entries; i++) sum += all[i];
          return sum / divisor;
        });
        const total = parts[0] + weights[0] * parts[1] + weights[1] * parts[2];
        return [[total], [total, ...parts]];
      };
    },
  };

  return {
    version,
    works: Object.keys(works),
    open(work, inputs, options) {
      const step = works[work](
        inputs.map(({ data }) => data),
        options,
      );
      return Promise.resolve({
        results: step,
        run: async () => void (await step()),
        dispose: () => {
          for (const made of open.splice(0)) made.destroy();
        },
      });
    },
    async close() {
      await gpu.destroy();
    },
  };
}
