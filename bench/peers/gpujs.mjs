// gpu.js on the CPU: its "cpu" mode (JavaScript) and its "webasm" mode (WebAssembly with SIMD, and threads because the
// calls are asynchronous). The kernels are what a user of gpu.js writes: one output element each, sizes as constants.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { GPU } = require("gpu.js");
const { version } = require("gpu.js/package.json");

/* Kernel bodies: gpu.js reads their text. All arrays are flat and row-major. */

function product(a, b) {
  const row = Math.floor(this.thread.x / this.constants.n);
  const column = this.thread.x - row * this.constants.n;
  let sum = 0;
  for (let i = 0; i < this.constants.k; i++) {
    sum += a[row * this.constants.k + i] * b[i * this.constants.n + column];
  }
  return sum;
}

/** x [N, H, W, C], filter [R, R, C, K], stride 1, same size. */
function convolution(x, filter) {
  const pixel = Math.floor(this.thread.x / this.constants.k);
  const k = this.thread.x - pixel * this.constants.k;
  const line = Math.floor(pixel / this.constants.w);
  const q = pixel - line * this.constants.w;
  const image = Math.floor(line / this.constants.h);
  const p = line - image * this.constants.h;
  let sum = 0;
  for (let r = 0; r < this.constants.r; r++) {
    const row = p + r - this.constants.padding;
    if (row >= 0 && row < this.constants.h) {
      for (let s = 0; s < this.constants.r; s++) {
        const column = q + s - this.constants.padding;
        if (column >= 0 && column < this.constants.w) {
          const from = ((image * this.constants.h + row) * this.constants.w + column) * this.constants.c;
          const tap = (r * this.constants.r + s) * this.constants.c * this.constants.k + k;
          for (let c = 0; c < this.constants.c; c++) {
            sum += x[from + c] * filter[tap + c * this.constants.k];
          }
        }
      }
    }
  }
  return sum;
}

/** dx [N, H, W, C] from dy [N, H, W, K]. */
function inputGradient(dy, filter) {
  const pixel = Math.floor(this.thread.x / this.constants.c);
  const c = this.thread.x - pixel * this.constants.c;
  const line = Math.floor(pixel / this.constants.w);
  const q = pixel - line * this.constants.w;
  const image = Math.floor(line / this.constants.h);
  const p = line - image * this.constants.h;
  let sum = 0;
  for (let r = 0; r < this.constants.r; r++) {
    const row = p - r + this.constants.padding;
    if (row >= 0 && row < this.constants.h) {
      for (let s = 0; s < this.constants.r; s++) {
        const column = q - s + this.constants.padding;
        if (column >= 0 && column < this.constants.w) {
          const from = ((image * this.constants.h + row) * this.constants.w + column) * this.constants.k;
          const tap = ((r * this.constants.r + s) * this.constants.c + c) * this.constants.k;
          for (let k = 0; k < this.constants.k; k++) sum += dy[from + k] * filter[tap + k];
        }
      }
    }
  }
  return sum;
}

/** dw [R, R, C, K] from x [N, H, W, C] and dy [N, H, W, K]. */
function weightGradient(x, dy) {
  const rest = Math.floor(this.thread.x / this.constants.k);
  const k = this.thread.x - rest * this.constants.k;
  const tap = Math.floor(rest / this.constants.c);
  const c = rest - tap * this.constants.c;
  const r = Math.floor(tap / this.constants.r);
  const s = tap - r * this.constants.r;
  let sum = 0;
  for (let image = 0; image < this.constants.images; image++) {
    for (let p = 0; p < this.constants.h; p++) {
      const row = p + r - this.constants.padding;
      if (row >= 0 && row < this.constants.h) {
        for (let q = 0; q < this.constants.w; q++) {
          const column = q + s - this.constants.padding;
          if (column >= 0 && column < this.constants.w) {
            const from = (image * this.constants.h + row) * this.constants.w + column;
            const to = (image * this.constants.h + p) * this.constants.w + q;
            sum += x[from * this.constants.c + c] * dy[to * this.constants.k + k];
          }
        }
      }
    }
  }
  return sum;
}

function channelMean(x) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) sum += x[row * this.constants.c + this.thread.x];
  return sum / this.constants.rows;
}

function channelVariance(x, mean) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) {
    const distance = x[row * this.constants.c + this.thread.x] - mean[this.thread.x];
    sum += distance * distance;
  }
  return sum / this.constants.rows;
}

function normalised(x, gamma, beta, mean, variance) {
  const c = this.thread.x % this.constants.c;
  return ((x[this.thread.x] - mean[c]) / Math.sqrt(variance[c] + 0.00001)) * gamma[c] + beta[c];
}

function betaGradient(dy) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) sum += dy[row * this.constants.c + this.thread.x];
  return sum;
}

function gammaGradient(x, mean, variance, dy) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) {
    const i = row * this.constants.c + this.thread.x;
    sum += dy[i] * (x[i] - mean[this.thread.x]);
  }
  return sum / Math.sqrt(variance[this.thread.x] + 0.00001);
}

function normalisedGradient(x, gamma, mean, variance, dy, dgamma, dbeta) {
  const c = this.thread.x % this.constants.c;
  const inverse = 1 / Math.sqrt(variance[c] + 0.00001);
  const hat = (x[this.thread.x] - mean[c]) * inverse;
  return gamma[c] * inverse * (dy[this.thread.x] - (dbeta[c] + hat * dgamma[c]) / this.constants.rows);
}

function averageOfWindow(x) {
  const pixel = Math.floor(this.thread.x / this.constants.c);
  const c = this.thread.x - pixel * this.constants.c;
  const line = Math.floor(pixel / this.constants.q);
  const q = pixel - line * this.constants.q;
  let sum = 0;
  for (let r = 0; r < 2; r++) {
    for (let s = 0; s < 2; s++) {
      sum += x[((line * 2 + r) * this.constants.w + q * 2 + s) * this.constants.c + c];
    }
  }
  return sum / 4;
}

/** Windows of 3, stride 2, one pixel of padding that never wins. */
function largestOfWindow(x) {
  const pixel = Math.floor(this.thread.x / this.constants.c);
  const c = this.thread.x - pixel * this.constants.c;
  const line = Math.floor(pixel / this.constants.q);
  const q = pixel - line * this.constants.q;
  const image = Math.floor(line / this.constants.p);
  const p = line - image * this.constants.p;
  let largest = -3.4e38;
  for (let r = 0; r < 3; r++) {
    const row = p * 2 + r - 1;
    if (row >= 0 && row < this.constants.h) {
      for (let s = 0; s < 3; s++) {
        const column = q * 2 + s - 1;
        if (column >= 0 && column < this.constants.w) {
          largest = Math.max(
            largest,
            x[((image * this.constants.h + row) * this.constants.w + column) * this.constants.c + c],
          );
        }
      }
    }
  }
  return largest;
}

/** hyper: learning rate, beta1, beta2, epsilon, the two corrections, 1 - beta1, 1 - beta2. */
function firstMoment(moment, gradient, hyper) {
  return hyper[1] * moment[this.thread.x] + hyper[6] * gradient[this.thread.x];
}

function secondMoment(moment, gradient, hyper) {
  return hyper[2] * moment[this.thread.x] + hyper[7] * gradient[this.thread.x] * gradient[this.thread.x];
}

function adamStep(parameter, first, second, hyper) {
  return (
    parameter[this.thread.x] -
    (hyper[0] * first[this.thread.x] * hyper[4]) / (Math.sqrt(second[this.thread.x] * hyper[5]) + hyper[3])
  );
}

function sharpened(a) {
  const value = a[this.thread.x];
  if (value > 0.5) return value + (1 - value) / 4;
  return value - value / 4;
}

/** features [B, D], theta [K, D], bias [K]. */
function classLogits(features, theta, bias) {
  const row = Math.floor(this.thread.x / this.constants.k);
  const k = this.thread.x - row * this.constants.k;
  let sum = bias[k];
  for (let d = 0; d < this.constants.d; d++) {
    sum += features[row * this.constants.d + d] * theta[k * this.constants.d + d];
  }
  return sum;
}

/** The three losses of every entry, one after the other; 0 where one does not count. */
function lossTerms(weak, strong, states) {
  const term = Math.floor(this.thread.x / this.constants.entries);
  const entry = this.thread.x - term * this.constants.entries;
  const z = weak[entry];
  const state = states[entry];
  if (term < 0.5) {
    if (state > 1.5) return 0;
    return Math.max(z, 0) + Math.log(1 + Math.exp(-Math.abs(z))) - state * z;
  }
  if (state < 1.5) return 0;
  const a = 1 / (1 + Math.exp(-z));
  let target = a - a / 4;
  if (a > 0.5) target = a + (1 - a) / 4;
  if (term < 1.5) return (a - target) * (a - target);
  const other = 1 / (1 + Math.exp(-strong[entry]));
  return (other - target) * (other - target);
}

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
      const multiply = kernel(product, m * n, { n, k });
      return async () => [await multiply(a, b)];
    },
    conv2d: ([x, filter], sizes) => {
      const convolve = kernel(convolution, sizes.images * sizes.h * sizes.w * sizes.k, sizes);
      return async () => [await convolve(x, filter)];
    },
    conv2dInputGradient: ([dy, filter], sizes) => {
      const gradient = kernel(inputGradient, sizes.images * sizes.h * sizes.w * sizes.c, sizes);
      return async () => [await gradient(dy, filter)];
    },
    conv2dWeightGradient: ([x, dy], sizes) => {
      const gradient = kernel(weightGradient, sizes.r * sizes.r * sizes.c * sizes.k, sizes);
      return async () => [await gradient(x, dy)];
    },
    conv2dAndGradients: ([x, filter, dy], sizes) => {
      const forward = works.conv2d([x, filter], sizes);
      const dx = works.conv2dInputGradient([dy, filter], sizes);
      const dw = works.conv2dWeightGradient([x, dy], sizes);
      return async () => [...(await forward()), ...(await dx()), ...(await dw())];
    },
    batchNorm: ([x, gamma, beta], { rows, c }) => {
      const mean = kernel(channelMean, c, { rows, c });
      const variance = kernel(channelVariance, c, { rows, c });
      const apply = kernel(normalised, rows * c, { c });
      return async () => {
        const m = await mean(x);
        const v = await variance(x, m);
        return [await apply(x, gamma, beta, m, v), m, v];
      };
    },
    batchNormGradient: ([x, gamma, mean, variance, dy], { rows, c }) => {
      const dbeta = kernel(betaGradient, c, { rows, c });
      const dgamma = kernel(gammaGradient, c, { rows, c });
      const dx = kernel(normalisedGradient, rows * c, { rows, c });
      return async () => {
        const toBeta = await dbeta(dy);
        const toGamma = await dgamma(x, mean, variance, dy);
        return [await dx(x, gamma, mean, variance, dy, toGamma, toBeta), toGamma, toBeta];
      };
    },
    averagePool2d: ([x], { images, p, q, w, c }) => {
      const pool = kernel(averageOfWindow, images * p * q * c, { q, w, c });
      return async () => [await pool(x)];
    },
    maxPool2d: ([x], { images, p, q, h, w, c }) => {
      const pool = kernel(largestOfWindow, images * p * q * c, { p, q, h, w, c });
      return async () => [await pool(x)];
    },
    adam: ([parameter, first, second, gradient, hyper]) => {
      const moveFirst = kernel(firstMoment, parameter.length);
      const moveSecond = kernel(secondMoment, parameter.length);
      const step = kernel(adamStep, parameter.length);
      return async () => {
        const m = await moveFirst(first, gradient, hyper);
        const v = await moveSecond(second, gradient, hyper);
        return [await step(parameter, m, v, hyper), m, v];
      };
    },
    sharpen: ([a]) => {
      const sharpen = kernel(sharpened, a.length);
      return async () => [await sharpen(a)];
    },
    queryInnerProduct: ([features, theta, bias], { batch, k, d }) => {
      const logits = kernel(classLogits, batch * k, { k, d });
      return async () => [await logits(features, theta, bias)];
    },
    assembleLoss: ([weak, strong, theta, bias, states, weights], { batch, k, d }) => {
      const entries = batch * k;
      const weakLogits = kernel(classLogits, entries, { k, d });
      const strongLogits = kernel(classLogits, entries, { k, d });
      const terms = kernel(lossTerms, 3 * entries, { entries });
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
        return [[parts[0] + weights[0] * parts[1] + weights[1] * parts[2]], parts];
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
