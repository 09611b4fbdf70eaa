// The arrays that sizes.mjs computes with, and single elements of what must come out: by definition, in float64.

/** Arrays of uniform values in [-1, 1), the same in every run. */
export function drawing(seed = 1) {
  let state = seed;
  return (...shape) => {
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    for (let i = 0; i < data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      data[i] = state / 2 ** 31 - 1;
    }
    return { shape, dtype: "f32", data };
  };
}

/** Element `index` of the product of two square matrices. */
export function matmulElement(a, b) {
  const [n] = a.shape;
  return (index) => {
    const [row, column] = [Math.floor(index / n), index % n];
    let sum = 0;
    for (let i = 0; i < n; i++) sum += a.data[row * n + i] * b.data[i * n + column];
    return sum;
  };
}

/**
 * Elements of a 3 x 3 convolution with padding 1 and of its gradients.
 *
 * @param x images [B, S, S, C]
 * @param w filter [3, 3, C, K]
 * @param dy gradient of the result [B, S, S, K]
 */
export function convolutionElements(x, w, dy) {
  const [images, size] = x.shape;
  const [, , c, k] = w.shape;
  const taps = [0, 1, 2].flatMap((r) => [0, 1, 2].map((s) => [r, s]));
  /** An element of an array of images, 0 in the padding. */
  const at = ({ data, shape }, image, row, column, channel) =>
    row < 0 || column < 0 || row >= size || column >= size
      ? 0
      : data[((image * size + row) * size + column) * shape[3] + channel];
  const filterAt = (r, s, input, output) => w.data[((r * 3 + s) * c + input) * k + output];
  const placeOf = (index, channels) => {
    const pixel = Math.floor(index / channels);
    return [Math.floor(pixel / size / size), Math.floor(pixel / size) % size, pixel % size, index % channels];
  };
  return {
    forward(index) {
      const [image, row, column, output] = placeOf(index, k);
      let sum = 0;
      for (const [r, s] of taps)
        for (let input = 0; input < c; input++)
          sum += at(x, image, row + r - 1, column + s - 1, input) * filterAt(r, s, input, output);
      return sum;
    },
    inputGradient(index) {
      const [image, row, column, input] = placeOf(index, c);
      let sum = 0;
      for (const [r, s] of taps)
        for (let output = 0; output < k; output++)
          sum += at(dy, image, row - r + 1, column - s + 1, output) * filterAt(r, s, input, output);
      return sum;
    },
    weightGradient(index) {
      const [output, input] = [index % k, Math.floor(index / k) % c];
      const [r, s] = taps[Math.floor(index / k / c)];
      let sum = 0;
      for (let image = 0; image < images; image++)
        for (let row = 0; row < size; row++)
          for (let column = 0; column < size; column++)
            sum += at(x, image, row + r - 1, column + s - 1, input) * at(dy, image, row, column, output);
      return sum;
    },
  };
}

const samples = 48;

/**
 * Holds samples of a result against their definition: norm of the error over norm of the values.
 * @throws Error beyond what float32 explains
 */
export function checkSamples(name, values, element) {
  let [error, norm] = [0, 0];
  for (let i = 0; i < samples; i++) {
    const index = Math.floor((values.length * (i + 0.5)) / samples);
    const expected = element(index);
    error += (values[index] - expected) ** 2;
    norm += expected ** 2;
  }
  const relative = Math.sqrt(error / norm);
  if (!(relative < 1e-4)) throw new Error(`${name}: the result is off by ${relative} of its norm`);
}
