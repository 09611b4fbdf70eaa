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

const tensorOf = ({ data, shape }) => tf.tensor(data, shape, "float32");

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

/** A DenseNet in training, with the weights of Tessera's, by their names. */
function densenet([images, targets, ...weights], { names, adam }) {
  const [x, labels] = [tensorOf(images), tensorOf(targets)];
  const variables = new Map(names.map((name, i) => [name, tf.variable(tensorOf(weights[i]))]));
  const named = (name) => variables.get(name);
  const activated = (maps, norm) => tf.relu(normalise(maps, named(`${norm}.weight`), named(`${norm}.bias`)));
  const blocks = names.filter((name) => /^denseblock\d+\.denselayer1\.conv1\.weight$/.test(name)).length;

  const forward = () => {
    let maps = tf.conv2d(x, named("conv0.weight"), 1, "same");
    for (let block = 1; block <= blocks; block++) {
      for (let layer = 1; named(`denseblock${block}.denselayer${layer}.conv1.weight`); layer++) {
        const prefix = `denseblock${block}.denselayer${layer}`;
        const added = tf.conv2d(
          activated(maps, `${prefix}.norm1`),
          named(`${prefix}.conv1.weight`),
          1,
          "same",
        );
        maps = tf.concat([maps, added], 3);
      }
      if (block < blocks) {
        const prefix = `transition${block}`;
        const squeezed = tf.conv2d(
          activated(maps, `${prefix}.norm`),
          named(`${prefix}.conv.weight`),
          1,
          "same",
        );
        maps = tf.avgPool(squeezed, 2, 2, "valid");
      }
    }
    const features = tf.mean(activated(maps, `norm${blocks + 1}`), [1, 2]);
    const logits = tf.add(tf.matMul(features, named("classifier.weight")), named("classifier.bias"));
    return tf.losses.softmaxCrossEntropy(labels, logits);
  };

  const optimiser = tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon);
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
      return [[loss], after.flatMap((values, i) => Array.from(values, (value, j) => value - before[i][j]))];
    },
    run: async () => void (await step()),
    dispose: () => {
      optimiser.dispose();
      tf.dispose([x, labels, ...list]);
    },
  };
}

const works = {
  matmul: (inputs) => pure(inputs, ([a, b]) => [tf.matMul(a, b)]),
  conv2d: (inputs) => pure(inputs, ([x, filter]) => [tf.conv2d(x, filter, 1, "same")]),
  conv2dAndGradients: ([x, filter, dy]) => {
    const both = tf.valueAndGrads((images, weights) => tf.conv2d(images, weights, 1, "same"));
    return pure([x, filter, dy], ([images, weights, gradient]) => {
      const { value, grads } = both([images, weights], gradient);
      return [value, ...grads];
    });
  },
  layerNorm: (inputs) => pure(inputs, ([x, gamma, beta]) => [layerNorm(x, gamma, beta)]),
  layerNormGradient: (inputs) =>
    pure(inputs, ([x, gamma, dy]) => tf.grads(layerNormInSteps)([x, gamma, tf.zerosLike(gamma)], dy)),
  rmsNorm: (inputs) => pure(inputs, ([x, gamma]) => [rmsNorm(x, gamma)]),
  groupNorm: (inputs, options) => pure(inputs, ([x, gamma, beta]) => [groupNorm(x, gamma, beta, options)]),
  groupNormGradient: (inputs, options) =>
    pure(inputs, ([x, gamma, , , dy]) =>
      tf.grads((...given) => groupNorm(...given, options))([x, gamma, tf.zerosLike(gamma)], dy),
    ),
  densenet,
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
