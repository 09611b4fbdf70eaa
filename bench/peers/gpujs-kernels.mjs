// Kernels in gpu.js as its users write them, one output element each: gpu.js reads their text. All arrays are flat and
// row-major; sizes are constants.

export function product(a, b) {
  const row = Math.floor(this.thread.x / this.constants.n);
  const column = this.thread.x - row * this.constants.n;
  let sum = 0;
  for (let i = 0; i < this.constants.k; i++) {
    sum += a[row * this.constants.k + i] * b[i * this.constants.n + column];
  }
  return sum;
}

/** x [N, H, W, C], filter [R, R, C, K], stride 1, same size. */
export function convolution(x, filter) {
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
export function inputGradient(dy, filter) {
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

/** [columns, rows] from x [rows, columns]. */
export function turned(x) {
  const column = Math.floor(this.thread.x / this.constants.rows);
  const row = this.thread.x - column * this.constants.rows;
  return x[row * this.constants.columns + column];
}

/**
 * dw [R, R, C, K] from x [C, N, H, W] and dy [K, N, H, W]: with the channel first, so that the sum over all pixels reads
 * neighbours; with the channel last it waits for memory, and takes many times as long.
 */
export function weightGradient(x, dy) {
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
        const from = ((c * this.constants.images + image) * this.constants.h + row) * this.constants.w;
        const to = ((k * this.constants.images + image) * this.constants.h + p) * this.constants.w;
        for (let q = 0; q < this.constants.w; q++) {
          const column = q + s - this.constants.padding;
          if (column >= 0 && column < this.constants.w) sum += x[from + column] * dy[to + q];
        }
      }
    }
  }
  return sum;
}

export function rectified(x) {
  return Math.max(x[this.thread.x], 0);
}

export function sum(a, b) {
  return a[this.thread.x] + b[this.thread.x];
}

export function channelMean(x) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) sum += x[row * this.constants.c + this.thread.x];
  return sum / this.constants.rows;
}

export function channelVariance(x, mean) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) {
    const distance = x[row * this.constants.c + this.thread.x] - mean[this.thread.x];
    sum += distance * distance;
  }
  return sum / this.constants.rows;
}

export function normalised(x, gamma, beta, mean, variance) {
  const c = this.thread.x % this.constants.c;
  return ((x[this.thread.x] - mean[c]) / Math.sqrt(variance[c] + 0.00001)) * gamma[c] + beta[c];
}

export function betaGradient(dy) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) sum += dy[row * this.constants.c + this.thread.x];
  return sum;
}

export function gammaGradient(x, mean, variance, dy) {
  let sum = 0;
  for (let row = 0; row < this.constants.rows; row++) {
    const i = row * this.constants.c + this.thread.x;
    sum += dy[i] * (x[i] - mean[this.thread.x]);
  }
  return sum / Math.sqrt(variance[this.thread.x] + 0.00001);
}

export function normalisedGradient(x, gamma, mean, variance, dy, dgamma, dbeta) {
  const c = this.thread.x % this.constants.c;
  const inverse = 1 / Math.sqrt(variance[c] + 0.00001);
  const hat = (x[this.thread.x] - mean[c]) * inverse;
  return gamma[c] * inverse * (dy[this.thread.x] - (dbeta[c] + hat * dgamma[c]) / this.constants.rows);
}

export function averageOfWindow(x) {
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
export function largestOfWindow(x) {
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

/** Windows of 2 that tile the image. */
export function shareOfWindow(dy) {
  const pixel = Math.floor(this.thread.x / this.constants.c);
  const c = this.thread.x - pixel * this.constants.c;
  const line = Math.floor(pixel / this.constants.w);
  const column = pixel - line * this.constants.w;
  return dy[(Math.floor(line / 2) * this.constants.q + Math.floor(column / 2)) * this.constants.c + c] / 4;
}

/** As `largestOfWindow`; no two pixels of a window are equal, so that which of them is the first does not matter. */
export function gradientOfLargest(x, y, dy) {
  const pixel = Math.floor(this.thread.x / this.constants.c);
  const c = this.thread.x - pixel * this.constants.c;
  const line = Math.floor(pixel / this.constants.w);
  const column = pixel - line * this.constants.w;
  const image = Math.floor(line / this.constants.h);
  const row = line - image * this.constants.h;
  let gradient = 0;
  for (let i = 0; i < 2; i++) {
    const p = Math.floor(row / 2) + i;
    if (p < this.constants.p && row >= p * 2 - 1) {
      for (let j = 0; j < 2; j++) {
        const q = Math.floor(column / 2) + j;
        if (q < this.constants.q && column >= q * 2 - 1) {
          const at = ((image * this.constants.p + p) * this.constants.q + q) * this.constants.c + c;
          if (x[this.thread.x] === y[at]) gradient += dy[at];
        }
      }
    }
  }
  return gradient;
}

/** hyper: learning rate, beta1, beta2, epsilon, the two corrections, 1 - beta1, 1 - beta2. */
export function firstMoment(moment, gradient, hyper) {
  return hyper[1] * moment[this.thread.x] + hyper[6] * gradient[this.thread.x];
}

export function secondMoment(moment, gradient, hyper) {
  return hyper[2] * moment[this.thread.x] + hyper[7] * gradient[this.thread.x] * gradient[this.thread.x];
}

export function adamStep(parameter, first, second, hyper) {
  return (
    parameter[this.thread.x] -
    (hyper[0] * first[this.thread.x] * hyper[4]) / (Math.sqrt(second[this.thread.x] * hyper[5]) + hyper[3])
  );
}

export function sharpened(a) {
  const value = a[this.thread.x];
  if (value > 0.5) return value + (1 - value) / 4;
  return value - value / 4;
}

/** features [B, D], theta [K, D], bias [K]. */
export function classLogits(features, theta, bias) {
  const row = Math.floor(this.thread.x / this.constants.k);
  const k = this.thread.x - row * this.constants.k;
  let sum = bias[k];
  for (let d = 0; d < this.constants.d; d++) {
    sum += features[row * this.constants.d + d] * theta[k * this.constants.d + d];
  }
  return sum;
}

/** The three losses of every entry, one after the other; 0 where one does not count. */
export function lossTerms(weak, strong, states) {
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
