// jax-js on the WebGPU at `navigator.gpu`, written as its users write it: a loss of arrays, and a step that is jitted as a
// whole, gradients and update included. Images are [N, C, H, W] and filters [K, C, R, S] there.

import { readFileSync } from "node:fs";
import { defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";

/** Values whose axes come in another order, `order[i]` being where axis i was. */
function turned(data, shape, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, each) => size * each, 1));
  const extents = order.map((axis) => shape[axis]);
  const result = new Float32Array(data.length);
  const index = extents.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    result[i] = data[index.reduce((place, each, axis) => place + each * strides[order[axis]], 0)];
    for (let axis = index.length - 1; axis >= 0 && ++index[axis] === extents[axis]; axis--) index[axis] = 0;
  }
  return result;
}

/**
 * How a weight is kept: Tessera's axes as `from`, turned by `order` to `shape`. A linear layer behind maps has its inputs
 * pixel by pixel outside, and channel by channel here, so that the step itself turns nothing.
 */
function layoutOf(name, shape, maps) {
  if (shape.length === 4)
    return { from: shape, order: [3, 2, 0, 1], shape: [3, 2, 0, 1].map((axis) => shape[axis]) };
  if (name !== "classifier.weight") return { from: shape, order: shape.map((_, axis) => axis), shape };
  const [classes, inputs] = shape;
  // Kept as [inputs, classes], ready for the product.
  return { from: [classes, ...maps], order: [3, 1, 2, 0], shape: [inputs, classes] };
}

/** Where each axis goes back to. */
const inverse = (order) => order.map((_, axis) => order.indexOf(axis));

/** Cross entropy of a convolution, another with stride 2, and a linear layer. */
function convnetLoss(weights, x, labels) {
  const padding = [
    [1, 1],
    [1, 1],
  ];
  const convolved = (maps, name, stride) => {
    const bias = weights[`${name}.bias`];
    const y = lax.conv(maps, weights[`${name}.weight`], [stride, stride], padding);
    return nn.relu(y.add(bias.reshape([bias.shape[0], 1, 1])));
  };
  const maps = convolved(convolved(x, "conv1", 1), "conv2", 2);
  const [images] = maps.shape;
  const logits = np.matmul(maps.reshape([images, -1]), weights["classifier.weight"]);
  const scores = nn.logSoftmax(logits.add(weights["classifier.bias"]), 1);
  return scores
    .mul(labels)
    .sum()
    .mul(-1 / images);
}

function convnet([images, labels, ...weights], { names, sgd }) {
  const { learningRate } = sgd;
  const [count, height, width, channels] = images.shape;
  const half = [height / 2, width / 2, weights[names.indexOf("conv2.weight")].shape[3]];
  const layouts = names.map((name, i) => layoutOf(name, weights[i].shape, half));
  const array = (data, shape) => np.array(data).reshape(shape);
  const x = array(turned(images.data, images.shape, [0, 3, 1, 2]), [count, channels, height, width]);
  const y = array(labels.data, labels.shape);
  let parameters = Object.fromEntries(
    names.map((name, i) => {
      const { from, order, shape } = layouts[i];
      return [name, array(turned(weights[i].data, from, order), shape)];
    }),
  );
  const compiled = jit((before, inputs, targets) => {
    const [loss, gradients] = valueAndGrad(convnetLoss)(tree.ref(before), inputs, targets);
    const updated = tree.map((weight, gradient) => weight.sub(gradient.mul(learningRate)), before, gradients);
    return [loss, updated];
  });
  const step = async () => {
    const [loss, updated] = compiled(parameters, x.ref, y.ref);
    parameters = updated;
    return (await loss.data())[0];
  };
  const read = async () => {
    const values = [];
    for (const [i, name] of names.entries()) {
      const { from, order } = layouts[i];
      const data = await parameters[name].ref.data();
      const outside = turned(
        data,
        order.map((axis) => from[axis]),
        inverse(order),
      );
      values.push(Float64Array.from(outside));
    }
    return values;
  };
  return {
    step,
    async results() {
      const before = await read();
      const loss = await step();
      const after = await read();
      return [[loss], ...after.map((values, i) => values.map((value, j) => value - before[i][j]))];
    },
    run: async () => void (await step()),
    dispose: () => {
      tree.dispose([parameters, x, y]);
      compiled.dispose();
    },
  };
}

const works = { convnet };

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.resolve("@jax-js/jax")), "utf8"),
);

export async function openJaxJs() {
  if (!(await init("webgpu")).includes("webgpu")) throw new Error("jax-js found no WebGPU");
  defaultDevice("webgpu");
  return {
    version,
    works: Object.keys(works),
    open: (work, inputs, options) => Promise.resolve(works[work](inputs, options)),
    close: () => Promise.resolve(),
  };
}
