// What the ONNX specification says that the operators of exported networks compute, in float64 and without any speed.

import {
  attributeTypes,
  elementTypes,
  type OnnxModel,
  type OnnxNode,
} from "../../src/interchange/onnx-messages.ts";

export interface Value {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, 1);

/** All indices of a shape, in row-major order. */
function* indices(shape: readonly number[]): Generator<number[]> {
  for (let at = 0; at < sizeOf(shape); at++) {
    let rest = at;
    yield shape.map((_, axis) => {
      const stride = sizeOf(shape.slice(axis + 1));
      const index = Math.floor(rest / stride);
      rest %= stride;
      return index;
    });
  }
}

/** An element; 0 stands for each index of an axis of length one, which is how operands are broadcast. */
function element({ shape, data }: Value, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return data[own.reduce((sum, each, axis) => sum * shape[axis] + (shape[axis] === 1 ? 0 : each), 0)];
}

function made(shape: readonly number[], valueAt: (index: number[]) => number): Value {
  return { shape, data: Float64Array.from(indices(shape), valueAt) };
}

function broadcast(values: readonly Value[], compute: (...numbers: number[]) => number): Value {
  const rank = Math.max(...values.map(({ shape }) => shape.length));
  const padded = values.map(({ shape }) => [...Array<number>(rank - shape.length).fill(1), ...shape]);
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(...padded.map((each) => each[axis])));
  return made(shape, (index) => compute(...values.map((value) => element(value, index))));
}

const each = (x: Value, compute: (value: number) => number): Value => ({ ...x, data: x.data.map(compute) });

type Attributes = Readonly<Record<string, number | readonly number[]>>;

function attributesOf({ attribute }: OnnxNode): Attributes {
  return Object.fromEntries(
    attribute.map(({ name, type, f = 0, i = 0, ints = [] }) => {
      return [name, type === attributeTypes.ints ? ints : type === attributeTypes.f ? f : i];
    }),
  );
}

/** Numbers of an axis list that is a value. */
const listed = ({ data }: Value): number[] => [...data];

/** Windows over the last two axes: `reduce` takes the pixels below each, undefined for padding. */
function windows(
  x: Value,
  { kernel_shape, strides = [1, 1], pads = [0, 0, 0, 0] }: Attributes,
  channels: number,
  reduce: (pixel: (c: number, r: number, s: number) => number | undefined, channel: number) => number,
): Value {
  const [[rows, columns], [down, across], [top, before, bottom, after]] = [
    kernel_shape,
    strides,
    pads,
  ] as number[][];
  const [batch, , height, width] = x.shape;
  const out = [
    Math.floor((height + top + bottom - rows) / down) + 1,
    Math.floor((width + before + after - columns) / across) + 1,
  ];
  return made([batch, channels, ...out], ([n, channel, p, q]) =>
    reduce((c, r, s) => {
      const [y, z] = [p * down - top + r, q * across - before + s];
      return y < 0 || z < 0 || y >= height || z >= width ? undefined : element(x, [n, c, y, z]);
    }, channel),
  );
}

/** Sums over a window of channels and taps. */
function total(counts: readonly number[], term: (index: number[]) => number): number {
  let sum = 0;
  for (const index of indices(counts)) sum += term(index);
  return sum;
}

type Operator = (inputs: readonly Value[], attributes: Attributes) => Value | Value[];

const operators: Readonly<Record<string, Operator>> = {
  Identity: ([x]) => x,
  Relu: ([x]) => each(x, (value) => Math.max(0, value)),
  Sigmoid: ([x]) => each(x, (value) => 1 / (1 + Math.exp(-value))),
  Add: (inputs) => broadcast(inputs, (a, b) => a + b),
  Mul: (inputs) => broadcast(inputs, (a, b) => a * b),
  Div: (inputs) => broadcast(inputs, (a, b) => a / b),
  Max: (inputs) => broadcast(inputs, Math.max),
  Conv: ([x, w, b], attributes) => {
    const [outputs, ...taps] = w.shape;
    return windows(
      x,
      attributes,
      outputs,
      (pixel, k) =>
        ((b as Value | undefined) === undefined ? 0 : b.data[k]) +
        total(taps, ([c, r, s]) => (pixel(c, r, s) ?? 0) * element(w, [k, c, r, s])),
    );
  },
  ConvTranspose: ([x, w, b], { strides }) => {
    const [down, across] = strides as number[];
    const [batch, inputs, height, width] = x.shape;
    const [, outputs, rows, columns] = w.shape;
    // Windows side by side: each pixel of the result is below one.
    if (rows !== down || columns !== across) throw new Error("windows overlap");
    return made(
      [batch, outputs, height * down, width * across],
      ([n, k, p, q]) =>
        b.data[k] +
        total(
          [inputs],
          ([c]) =>
            element(x, [n, c, Math.floor(p / down), Math.floor(q / across)]) *
            element(w, [c, k, p % down, q % across]),
        ),
    );
  },
  BatchNormalization: ([x, scale, bias, mean, variance], { epsilon }) =>
    made(x.shape, (index) => {
      const [gamma, beta, center, spread] = [scale, bias, mean, variance].map(({ data }) => data[index[1]]);
      return ((element(x, index) - center) / Math.sqrt(spread + (epsilon as number))) * gamma + beta;
    }),
  MaxPool: ([x], attributes) =>
    windows(x, attributes, x.shape[1], (pixel, c) => {
      const taps = indices(attributes.kernel_shape as number[]);
      return Math.max(...Array.from(taps, ([r, s]) => pixel(c, r, s) ?? -Infinity));
    }),
  AveragePool: ([x], attributes) => {
    const kernel = attributes.kernel_shape as number[];
    return windows(
      x,
      attributes,
      x.shape[1],
      (pixel, c) => total(kernel, ([r, s]) => pixel(c, r, s) ?? NaN) / sizeOf(kernel),
    );
  },
  GlobalAveragePool: ([x]) => {
    const [batch, channels, ...sides] = x.shape;
    return made(
      [batch, channels, 1, 1],
      ([n, c]) => total(sides, ([y, z]) => element(x, [n, c, y, z])) / sizeOf(sides),
    );
  },
  Flatten: ([x]) => ({ shape: [x.shape[0], sizeOf(x.shape.slice(1))], data: x.data }),
  Gemm: ([a, b, c], { transB = 0 }) => {
    const outputs = b.shape[transB === 1 ? 0 : 1];
    return made(
      [a.shape[0], outputs],
      ([n, k]) =>
        c.data[k] +
        total([a.shape[1]], ([d]) => element(a, [n, d]) * element(b, transB === 1 ? [k, d] : [d, k])),
    );
  },
  Concat: (inputs) => {
    const [batch, , ...rest] = inputs[0].shape;
    const owners = inputs.flatMap((value) =>
      Array.from({ length: value.shape[1] }, (_, c) => [value, c] as const),
    );
    return made([batch, owners.length, ...rest], ([n, c, ...places]) => {
      const [value, own] = owners[c];
      return element(value, [n, own, ...places]);
    });
  },
  Split: ([x]) => {
    const [rows, columns] = x.shape;
    return Array.from({ length: columns }, (_, k) => made([rows, 1], ([n]) => element(x, [n, k])));
  },
  Softmax: ([x]) =>
    made(x.shape, ([n, k, ...places]) => {
      const power = (c: number): number => Math.exp(element(x, [n, c, ...places]));
      return power(k) / total([x.shape[1]], ([c]) => power(c));
    }),
  Slice: ([x, starts, ends, axes]) => {
    const [[start], [end], [axis]] = [starts, ends, axes].map(listed);
    const shape = x.shape.map((length, at) => (at === axis ? end - start : length));
    return made(shape, (index) =>
      element(
        x,
        index.map((place, at) => (at === axis ? place + start : place)),
      ),
    );
  },
  Unsqueeze: ([x, axes]) => {
    const [at, lengths] = [listed(axes), [...x.shape]];
    for (const axis of at) lengths.splice(axis, 0, 1);
    return { shape: lengths, data: x.data };
  },
  Reshape: ([x, shape]) => ({
    shape: listed(shape).map((length, at) => (length === 0 ? x.shape[at] : length)),
    data: x.data,
  }),
  ReduceSum: ([x, axes]) => {
    const [axis] = listed(axes);
    if (axis !== x.shape.length - 1) throw new Error("only the last axis is summed over");
    return made(x.shape.slice(0, -1), (index) =>
      total([x.shape[axis]], ([last]) => element(x, [...index, last])),
    );
  },
};

/** Results by name. */
export function interpret(
  { graph }: OnnxModel,
  inputs: Readonly<Record<string, Value>>,
): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>(Object.entries(inputs));
  for (const { name, dims, dataType, rawData } of graph.initializer) {
    const bytes = Uint8Array.from(rawData).buffer;
    const data =
      dataType === elementTypes.float
        ? Float64Array.from(new Float32Array(bytes))
        : Float64Array.from(new BigInt64Array(bytes), Number);
    values.set(name, { shape: dims, data });
  }
  for (const node of graph.node) {
    const operands = node.input.map((name) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`${node.name}: nothing is called ${name}`);
      return value;
    });
    const results = [operators[node.opType](operands, attributesOf(node))].flat();
    for (const [i, name] of node.output.entries()) values.set(name, results[i]);
  }
  return values;
}
