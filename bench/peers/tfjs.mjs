// tfjs-backend-webgpu 4.22 with its default flags, written as its users write it: core operations, variableGrads
// through an optimiser, tidy around each step. bundle.mjs makes it loadable.

import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";

/** Resolves when everything queued so far is done. */
async function finished() {
  const backend = tf.backend();
  if (backend.commandEncoder) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  await backend.queue.onSubmittedWorkDone();
}

const tensorOf = ({ data, shape, dtype }) =>
  dtype === "u32" ? tf.tensor(Int32Array.from(data), shape, "int32") : tf.tensor(data, shape, "float32");

/** A work that is a function of its inputs. */
function pure(inputs, body) {
  const tensors = inputs.map(tensorOf);
  return {
    async results() {
      const outputs = tf.tidy(() => body(tensors));
      const read = await Promise.all(outputs.map((each) => each.data()));
      tf.dispose(outputs);
      return read;
    },
    async run() {
      const outputs = tf.tidy(() => body(tensors));
      await finished();
      tf.dispose(outputs);
    },
    dispose: () => tf.dispose(tensors),
  };
}

/** Batch norm with the statistics of the batch, as tf.layers does in training; it keeps no running statistics. */
function normalise(x, gamma, beta) {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(x, mean, variance, beta, gamma, 1e-5);
}

/** The gradient of a resizing to what it was made of, [images, h, w, channels]. */
function resizeGradient(inputs, { h, w }, resize) {
  const [{ shape }] = inputs;
  const images = tf.zeros([shape[0], h, w, shape[3]]);
  const gradient = tf.grad((x) => resize(x, [shape[1], shape[2]]));
  const work = pure(inputs, ([dy]) => [gradient(images, dy)]);
  return { ...work, dispose: () => (work.dispose(), tf.dispose(images)) };
}

const resizeBilinear = (x, size) => tf.image.resizeBilinear(x, size, false, true);
const resizeNearest = (x, size) => tf.image.resizeNearestNeighbor(x, size, false, false);
/** Layer norm as tf.layers.layerNormalization has it, but for the copies that it makes of all four operands. */
function layerNorm(x, gamma, beta) {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.batchNorm(x, mean, variance, tf.reshape(beta, [1, -1]), tf.reshape(gamma, [1, -1]), 1e-5);
}

/** The same in arithmetic, for the gradient: that of tf.batchNorm takes statistics of each column alone. */
function layerNormInSteps(x, gamma, beta) {
  const { mean, variance } = tf.moments(x, -1, true);
  const normalised = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(normalised, gamma), beta);
}

const rmsNorm = (x, gamma) =>
  tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-6))), gamma);

function groupNorm(x, gamma, beta, { images, pixels, groups, width }) {
  const grouped = tf.reshape(x, [images, pixels, groups, width]);
  const { mean, variance } = tf.moments(grouped, [1, 3], true);
  const normalised = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(tf.reshape(normalised, x.shape), gamma), beta);
}

/** Steps on the loss of a network, which is made of its inputs (images, labels) and its weights by their names. */
function trainingStep(arrays, { inputs: count, names, adam, sgd }, lossOf) {
  const inputs = arrays.slice(0, count).map(tensorOf);
  const variables = new Map(names.map((name, i) => [name, tf.variable(tensorOf(arrays[count + i]))]));
  const named = (name) => variables.get(name);
  const forward = () => lossOf(inputs, named, names);
  const optimiser =
    sgd === undefined
      ? tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon)
      : tf.train.sgd(sgd.learningRate);
  const list = [...variables.values()];
  const step = async () => {
    const loss = optimiser.minimize(forward, true, list);
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
  return {
    step,
    async results() {
      const read = () => Promise.all(list.map((variable) => variable.data()));
      const before = await read();
      const loss = await step();
      const after = await read();
      return [[loss], ...after.map((values, i) => Array.from(values, (value, j) => value - before[i][j]))];
    },
    run: async () => void (await step()),
    dispose: () => {
      optimiser.dispose();
      tf.dispose([...inputs, ...list]);
    },
  };
}

/** How many names are like this one, with a number in the place of N. */
const counted = (names, name) => names.filter((each) => each.replace(/\d+/, "N") === name).length;

/** Padding on each side, as PyTorch's strided convolutions have it; "same" would have less on one side. */
const around = (pixels) => [
  [0, 0],
  [pixels, pixels],
  [pixels, pixels],
  [0, 0],
];

const classified = (features, named) =>
  tf.add(tf.matMul(features, named("classifier.weight"), false, true), named("classifier.bias"));

const activated = (maps, norm, named) =>
  tf.relu(normalise(maps, named(`${norm}.weight`), named(`${norm}.bias`)));

/** The features of a DenseNet with the weights of Tessera's: with a stem of 7x7 and a pool, or one of 3x3; with bottlenecks or without. */
function densenetFeatures(x, named, names) {
  const blocks = counted(names, "denseblockN.denselayer1.conv1.weight");
  const convolved = (maps, name) => tf.conv2d(maps, named(`${name}.weight`), 1, "same");
  let maps;
  if (named("norm0.weight")) {
    const stem = tf.conv2d(x, named("conv0.weight"), 2, around(3));
    maps = tf.maxPool(activated(stem, "norm0", named), 3, 2, 1, "floor");
  } else {
    maps = convolved(x, "conv0");
  }
  for (let block = 1; block <= blocks; block++) {
    for (let layer = 1; named(`denseblock${block}.denselayer${layer}.conv1.weight`); layer++) {
      const prefix = `denseblock${block}.denselayer${layer}`;
      let added = convolved(activated(maps, `${prefix}.norm1`, named), `${prefix}.conv1`);
      if (named(`${prefix}.norm2.weight`)) {
        added = convolved(activated(added, `${prefix}.norm2`, named), `${prefix}.conv2`);
      }
      maps = tf.concat([maps, added], 3);
    }
    if (block < blocks) {
      const ready = activated(maps, `transition${block}.norm`, named);
      maps = tf.avgPool(convolved(ready, `transition${block}.conv`), 2, 2, "valid");
    }
  }
  return tf.mean(activated(maps, `norm${blocks + 1}`, named), [1, 2]);
}

const densenetLoss = ([x, labels], named, names) =>
  tf.losses.softmaxCrossEntropy(labels, classified(densenetFeatures(x, named, names), named));

/** A value whose gradient is not followed. */
const stopped = tf.customGrad((x) => ({ value: tf.clone(x), gradFunc: (dy) => tf.zerosLike(dy) }));

/** Label-Assemble's losses of two views: cross entropy of given labels, pseudo-labels and consistency of absent ones (255). */
function assembleLoss([weak, strong, states, lambdas], named, names) {
  const logits = classified(densenetFeatures(weak, named, names), named);
  const z = classified(densenetFeatures(strong, named, names), named);
  const known = tf.cast(tf.notEqual(states, 255), "float32");
  const absent = tf.sub(1, known);
  const meanOf = (values, mask) => tf.div(tf.sum(tf.mul(values, mask)), tf.maximum(tf.sum(mask), 1));
  const rest = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
  const entropy = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, tf.mul(states, known))), rest);
  const a = tf.sigmoid(logits);
  const still = stopped(a);
  const towards = tf.cast(tf.greater(still, 0.5), "float32");
  const pseudo = tf.add(still, tf.div(tf.sub(towards, still), 4)); // temperature 4
  const squared = (x) => tf.square(tf.sub(x, pseudo));
  const [ofPseudo, ofConsistency] = tf.split(lambdas, 2);
  const unsupervised = tf.add(
    tf.mul(ofPseudo, meanOf(squared(a), absent)),
    tf.mul(ofConsistency, meanOf(squared(tf.sigmoid(z)), absent)),
  );
  return tf.sum(tf.add(meanOf(entropy, known), unsupervised));
}

/** The loss of two convolutions and a linear layer, with the weights of Tessera's. */
function convnetLoss([x, labels], named) {
  const convolved = (maps, name, stride) =>
    tf.relu(tf.add(tf.conv2d(maps, named(`${name}.weight`), stride, around(1)), named(`${name}.bias`)));
  const maps = convolved(convolved(x, "conv1", 1), "conv2", 2);
  return tf.losses.softmaxCrossEntropy(labels, classified(tf.reshape(maps, [x.shape[0], -1]), named));
}

/** The loss of a U-Net with the weights of Tessera's. */
function unetLoss([x, labels], named, names) {
  const levels = counted(names, "downN.conv1.weight");
  const double = (maps, prefix) =>
    [1, 2].reduce((each, i) => {
      const convolved = tf.conv2d(each, named(`${prefix}.conv${i}.weight`), 1, "same");
      return activated(convolved, `${prefix}.norm${i}`, named);
    }, maps);
  const skips = [];
  let maps = x;
  for (let level = 1; level <= levels; level++) {
    maps = double(level === 1 ? maps : tf.maxPool(maps, 2, 2, "valid"), `down${level}`);
    skips.push(maps);
  }
  skips.pop();
  for (let level = levels - 1; level >= 1; level--) {
    const enlarged = tf.add(
      doubled(maps, named(`up${level}.enlarge.weight`)),
      named(`up${level}.enlarge.bias`),
    );
    maps = double(tf.concat([skips.pop(), enlarged], 3), `up${level}`);
  }
  const rows = tf.reshape(maps, [-1, maps.shape[3]]);
  return tf.losses.sigmoidCrossEntropy(labels, classified(rows, named));
}

/** The transposed convolution of windows that lie side by side. */
function doubled(x, filter) {
  const [images, height, width] = x.shape;
  const [tall, wide, channels] = filter.shape;
  return tf.conv2dTranspose(
    x,
    filter,
    [images, tall * height, wide * width, channels],
    [tall, wide],
    "valid",
  );
}

/** Attention of [heads, tokens, width]. */
function attention(q, k, v) {
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[2]));
  return tf.matMul(tf.softmax(scores), v);
}

/** The loss of a transformer of BERT's blocks, whose mean over the words is to be found by a query for each text. */
function encoderLoss([words, mask, queries, own], named, names) {
  const [texts, tokens] = words.shape;
  const [, width] = named("words.weight").shape;
  const heads = 4;
  const unit = width / heads;
  const flat = (x) => tf.reshape(x, [-1, x.shape[x.rank - 1]]);
  const linear = (x, weight, bias) => tf.add(tf.matMul(x, named(weight), false, true), named(bias));
  const norm = (x, name) => layerNormInSteps(x, named(`${name}.weight`), named(`${name}.bias`));
  const ofHeads = (x) => tf.transpose(tf.reshape(x, [texts, tokens, heads, unit]), [0, 2, 1, 3]);
  const leftOut = tf.reshape(tf.sub(tf.mul(mask, 1e9), 1e9), [texts, 1, 1, tokens]);
  const attended = (x, name) => {
    const [q, k, v] = tf
      .split(linear(x, `${name}.in_proj_weight`, `${name}.in_proj_bias`), 3, 1)
      .map(ofHeads);
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(unit)), leftOut);
    const y = tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]), [-1, width]);
    return linear(y, `${name}.out_proj.weight`, `${name}.out_proj.bias`);
  };
  const placed = tf.add(tf.gather(named("words.weight"), words), named("places.weight"));
  let x = norm(flat(placed), "norm");
  for (let i = 0; i < counted(names, "blocks.N.linear1.weight"); i++) {
    const name = `blocks.${i}`;
    x = norm(tf.add(x, attended(x, `${name}.self_attn`)), `${name}.norm1`);
    const hidden = gelu(linear(x, `${name}.linear1.weight`, `${name}.linear1.bias`));
    x = norm(tf.add(x, linear(hidden, `${name}.linear2.weight`, `${name}.linear2.bias`)), `${name}.norm2`);
  }
  const weights = tf.reshape(tf.div(mask, tf.sum(mask, 1, true)), [texts, 1, tokens]);
  const mean = flat(tf.matMul(weights, tf.reshape(x, [texts, tokens, width])));
  const scores = tf.div(tf.matMul(unitRows(queries), unitRows(mean), false, true), 0.05);
  const found = (each) => tf.losses.softmaxCrossEntropy(own, each);
  return tf.div(tf.add(found(scores), found(tf.transpose(scores))), 2);
}

/** tfjs has no gelu: x times the normal distribution's function. */
const gelu = (x) => tf.mul(x, tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))));
/** Rows divided by their lengths. */
const unitRows = (x) => tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-10)));

/** A depthwise filter [R, S, 1, C], as tfjs has it: [R, S, C, 1]. */
const perChannel = ({ data, shape: [height, width, , channels] }) => ({
  data,
  shape: [height, width, channels, 1],
});

/** Mean and variance of each channel, as one result when they are compared. */
function batchMoments(inputs) {
  const work = pure(inputs, ([x]) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return [mean, variance];
  });
  const results = async () => [Float32Array.from((await work.results()).flatMap((each) => [...each]))];
  return { ...work, results };
}

/** What tf.conv2d tells the kernels of its gradients. */
const convolving = { strides: 1, pad: "same", dataFormat: "NHWC", dimRoundingMode: undefined };
const slidingByOne = { strides: 1, pad: "same", dilations: 1, dimRoundingMode: undefined };

/** A loss and its gradient, as an optimiser asks for them. */
function lossAndGradient(loss, x) {
  const { value, grad } = tf.valueAndGrad(loss)(x);
  return [value, grad];
}

const works = {
  linear: (inputs) => pure(inputs, ([x, weight, bias]) => [tf.add(tf.matMul(x, weight, false, true), bias)]),
  linearAndGradients: ([x, weight, bias, dy]) => {
    const both = tf.valueAndGrads((a, w, b) => tf.add(tf.matMul(a, w, false, true), b));
    return pure([x, weight, bias, dy], ([a, w, b, gradient]) => {
      const { value, grads } = both([a, w, b], gradient);
      return [value, ...grads];
    });
  },
  silu: (inputs) => pure(inputs, ([x]) => [tf.mul(x, tf.sigmoid(x))]),
  siluGradient: ([x, dy]) => {
    const gradient = tf.grad((at) => tf.mul(at, tf.sigmoid(at)));
    return pure([x, dy], ([at, upstream]) => [gradient(at, upstream)]);
  },
  power: (inputs, { exponent }) => pure(inputs, ([x]) => [tf.pow(x, exponent)]),
  matmul: (inputs) => pure(inputs, ([a, b]) => [tf.matMul(a, b)]),
  conv2d: (inputs) => pure(inputs, ([x, filter]) => [tf.conv2d(x, filter, 1, "same")]),
  conv2dAndGradients: ([x, filter, dy]) => {
    const both = tf.valueAndGrads((images, weights) => tf.conv2d(images, weights, 1, "same"));
    return pure([x, filter, dy], ([images, weights, gradient]) => {
      const { value, grads } = both([images, weights], gradient);
      return [value, ...grads];
    });
  },
  conv2dInputGradient: ([dy, filter], { images, h, w, c }) =>
    pure([dy, filter], ([gradient, weights]) => [
      tf
        .engine()
        .runKernel(
          tf.Conv2DBackpropInput,
          { dy: gradient, filter: weights },
          { ...convolving, inputShape: [images, h, w, c] },
        ),
    ]),
  conv2dWeightGradient: ([x, dy], { r, c, k }) =>
    pure([x, dy], ([maps, gradient]) => [
      tf
        .engine()
        .runKernel(
          tf.Conv2DBackpropFilter,
          { x: maps, dy: gradient },
          { ...convolving, filterShape: [r, r, c, k] },
        ),
    ]),
  batchMoments,
  softmax: (inputs) => pure(inputs, ([x]) => [tf.softmax(x)]),
  softmaxAndGradient: ([x, dy]) => {
    const both = tf.valueAndGrads((logits) => tf.softmax(logits));
    return pure([x, dy], ([logits, gradient]) => {
      const { value, grads } = both([logits], gradient);
      return [value, ...grads];
    });
  },
  logSoftmax: (inputs) => pure(inputs, ([x]) => [tf.logSoftmax(x)]),
  resizeBilinear: (inputs, { p, q }) => pure(inputs, ([x]) => [resizeBilinear(x, [p, q])]),
  resizeNearest: (inputs, { p, q }) => pure(inputs, ([x]) => [resizeNearest(x, [p, q])]),
  resizeNearestGradient: (inputs, options) => resizeGradient(inputs, options, resizeNearest),
  convTranspose2d: (inputs) => pure(inputs, ([x, filter]) => [doubled(x, filter)]),
  convTranspose2dAndGradients: (inputs) => {
    const both = tf.valueAndGrads(doubled);
    return pure(inputs, ([x, filter, gradient]) => {
      const { value, grads } = both([x, filter], gradient);
      return [value, ...grads];
    });
  },
  attention: (inputs) => pure(inputs, ([q, k, v]) => [attention(q, k, v)]),
  attentionAndGradients: (inputs) => {
    const all = tf.valueAndGrads(attention);
    return pure(inputs, ([q, k, v, gradient]) => {
      const { value, grads } = all([q, k, v], gradient);
      return [value, ...grads];
    });
  },
  takeRows: (inputs) => pure(inputs, ([table, rows]) => [tf.gather(table, rows)]),
  embeddingGradient: ([dy, rows], { count }) =>
    pure([dy, rows], ([gradient, indices]) => {
      const table = tf.zeros([count, gradient.shape[1]]);
      return [tf.grad((x) => tf.gather(x, indices))(table, gradient)];
    }),
  topRows: (inputs, { k }) =>
    pure(inputs, ([queries, rows]) => [tf.topk(tf.matMul(queries, rows, false, true), k).values]),
  products: (inputs) => pure(inputs, ([queries, rows]) => [tf.matMul(queries, rows, false, true)]),
  cumulativeSum: (inputs) => pure(inputs, ([x]) => [tf.cumsum(x, x.rank - 1)]),
  argMax: (inputs) => pure(inputs, ([x]) => [tf.argMax(x, x.rank - 1)]),
  oneHot: (inputs, { classes }) => pure(inputs, ([indices]) => [tf.oneHot(indices, classes)]),
  depthwiseConv2d: ([x, filter]) =>
    pure([x, perChannel(filter)], ([images, weights]) => [tf.depthwiseConv2d(images, weights, 1, "same")]),
  depthwiseConv2dAndGradients: ([x, filter, dy]) => {
    const both = tf.valueAndGrads((images, weights) => tf.depthwiseConv2d(images, weights, 1, "same"));
    return pure([x, perChannel(filter), dy], ([images, weights, gradient]) => {
      const { value, grads } = both([images, weights], gradient);
      return [value, ...grads];
    });
  },
  depthwiseConv2dInputGradient: ([dy, filter]) =>
    pure([dy, perChannel(filter)], ([gradient, weights]) => [
      tf
        .engine()
        .runKernel(
          tf.DepthwiseConv2dNativeBackpropInput,
          { dy: gradient, filter: weights },
          { ...slidingByOne, inputShape: gradient.shape },
        ),
    ]),
  depthwiseConv2dWeightGradient: ([x, dy]) =>
    pure([x, dy], ([images, gradient]) => [
      tf
        .engine()
        .runKernel(
          tf.DepthwiseConv2dNativeBackpropFilter,
          { x: images, dy: gradient },
          { ...slidingByOne, filterShape: [3, 3, images.shape[3], 1] },
        ),
    ]),
  binaryCrossEntropyAndGradient: (inputs) =>
    pure(inputs, ([z, t]) => lossAndGradient((logits) => tf.losses.sigmoidCrossEntropy(t, logits), z)),
  huberLossAndGradient: (inputs) =>
    pure(inputs, ([x, t]) => lossAndGradient((at) => tf.losses.huberLoss(t, at), x)),
  crossEntropyAndGradient: (inputs, { classes }) =>
    pure(inputs, ([z, rows]) => {
      const targets = tf.oneHot(rows, classes);
      return lossAndGradient((logits) => tf.losses.softmaxCrossEntropy(targets, logits), z);
    }),
  layerNorm: (inputs) => pure(inputs, ([x, gamma, beta]) => [layerNorm(x, gamma, beta)]),
  layerNormGradient: (inputs) =>
    pure(inputs, ([x, gamma, dy]) => tf.grads(layerNormInSteps)([x, gamma, tf.zerosLike(gamma)], dy)),
  rmsNorm: (inputs) => pure(inputs, ([x, gamma]) => [rmsNorm(x, gamma)]),
  groupNorm: (inputs, options) => pure(inputs, ([x, gamma, beta]) => [groupNorm(x, gamma, beta, options)]),
  groupNormGradient: (inputs, options) =>
    pure(inputs, ([x, gamma, , , dy]) =>
      tf.grads((...given) => groupNorm(...given, options))([x, gamma, tf.zerosLike(gamma)], dy),
    ),
  densenet: (inputs, options) => trainingStep(inputs, options, densenetLoss),
  densenet121: (inputs, options) => trainingStep(inputs, options, densenetLoss),
  "densenet121-assemble": (inputs, options) => trainingStep(inputs, options, assembleLoss),
  unet: (inputs, options) => trainingStep(inputs, options, unetLoss),
  convnet: (inputs, options) => trainingStep(inputs, options, convnetLoss),
  encoder: (inputs, options) => trainingStep(inputs, options, encoderLoss),
};

export async function openTfjs() {
  await tf.setBackend("webgpu");
  await tf.ready();
  if (tf.getBackend() !== "webgpu") throw new Error("tfjs found no WebGPU");
  return {
    version: tf.version_core,
    works: Object.keys(works),
    open: (work, inputs, options) => Promise.resolve(works[work](inputs, options)),
    close: () => Promise.resolve(),
  };
}
