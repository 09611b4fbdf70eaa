// The gradient table: one short rule per operator, written with other operators. It is total: an operator without a
// row does not compile. "piecewise constant" is a gradient of zero; "nondifferentiable" makes the tape refuse.

import { UsageError } from "../errors/errors.ts";
import {
  add,
  affine,
  divide,
  equal,
  exp,
  gate,
  greater,
  less,
  multiply,
  where,
} from "../functions/elementwise.ts";
import { run, runOne } from "../functions/run.ts";
import { matmul } from "../functions/products.ts";
import { broadcastTo, concat, pad, reshape, slice, transpose } from "../functions/movement.ts";
import { mean, sum } from "../functions/reduction.ts";
import type { Gradient, GradientOf, GradientRule } from "../operators/gradient-rule.ts";
import type { AttributesOf, OperatorName } from "../operators/registry.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { equalShapes, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

type GradientTable = {
  readonly [Name in OperatorName]: GradientOf<AttributesOf<Name>>;
};

const scale = (x: Tensor, factor: number): Tensor => affine(x, factor, 0);
const zero = (like: Tensor): Tensor => scale(like, 0);

/** Sums a gradient over the axes along which an input was broadcast. */
function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (equalShapes(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(axes.length === 0 ? gradient : sum(gradient, { axes }), shape);
}

/** A reduced tensor, spread again over the shape it was reduced from. */
function spread(reduced: Tensor, axes: readonly number[], shape: Shape): Tensor {
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return broadcastTo(reshape(reduced, kept), shape);
}

/** The larger (or smaller) operand takes the gradient; equal ones share it. */
function extremum(wins: (a: Tensor, b: Tensor) => Tensor): GradientRule<unknown> {
  return ({ inputs: [a, b], gradient: g }) => {
    const share = (x: Tensor, y: Tensor): Tensor => add(wins(x, y), scale(equal(x, y), 0.5));
    return [() => sumTo(multiply(g, share(a, b)), a.shape), () => sumTo(multiply(g, share(b, a)), b.shape)];
  };
}

/** x [N, ...] with zeros in one row. */
function withoutRow(x: Tensor, row: number): Tensor {
  const [rows, ...rest] = x.shape;
  const part = (begin: number, count: number): Tensor[] =>
    count === 0 ? [] : [slice(x, [begin, ...rest.map(() => 0)], [count, ...rest])];
  const zeros = engineOf([x]).zeros([1, ...rest]);
  return concat([...part(0, row), zeros, ...part(row + 1, rows - row - 1)], 0);
}

function noGradientOf(operator: string, input: string): Gradient {
  return () => {
    throw new UsageError(`${operator}: its ${input} have no gradient; pass them through stopGradient()`);
  };
}

/** sigmoid(x), at -x exact where 1 - sigmoid(x) has lost its digits. */
const sigmoidOf = (x: Tensor): Tensor => runOne("sigmoid", [x], {});
/** In the place of the gradient of an input that is a function of the first one, whose gradient holds that part, too. */
export const partOfFirst: Gradient = () => {
  throw new UsageError("a gradient that is part of another has no value of its own"); // the tape does not call it
};

const inverseRootTwoPi = 1 / Math.sqrt(2 * Math.PI);
/** The standard normal density at x. */
const density = (x: Tensor): Tensor => scale(exp(scale(multiply(x, x), -0.5)), inverseRootTwoPi);

export const gradients: GradientTable = {
  exp: ({ outputs: [y], gradient: g }) => [() => multiply(g, y)],
  log: ({ inputs: [x], gradient: g }) => [() => divide(g, x)],
  sqrt: ({ outputs: [y], gradient: g }) => [() => divide(scale(g, 0.5), y)],
  relu: ({ outputs: [y], gradient: g }) => [() => gate(y, g)],
  // y (1 - y), as the second factor is exact for large x, too.
  sigmoid: ({ inputs: [x], outputs: [y], gradient: g }) => [
    () => multiply(g, multiply(y, sigmoidOf(scale(x, -1)))),
  ],
  softplus: ({ inputs: [x], gradient: g }) => [() => multiply(g, sigmoidOf(x))],
  // 1 - y^2, as 4 sigmoid(2x) sigmoid(-2x): exact for large x.
  tanh: ({ inputs: [x], gradient: g }) => [
    () => multiply(g, scale(multiply(sigmoidOf(scale(x, 2)), sigmoidOf(scale(x, -2))), 4)),
  ],
  normalCdf: ({ inputs: [x], gradient: g }) => [() => multiply(g, density(x))],
  gelu: ({ inputs: [x], gradient: g }) => [
    () => multiply(g, add(runOne("normalCdf", [x], {}), multiply(x, density(x)))),
  ],
  clamp: ({ inputs: [x], outputs: [y], gradient: g }) => [() => multiply(g, equal(x, y))],
  affine: ({ attributes, gradient: g }) => [() => scale(g, attributes.scale)],

  add: ({ inputs: [a, b], gradient: g }) => [() => sumTo(g, a.shape), () => sumTo(g, b.shape)],
  subtract: ({ inputs: [a, b], gradient: g }) => [
    () => sumTo(g, a.shape),
    () => scale(sumTo(g, b.shape), -1),
  ],
  multiply: ({ inputs: [a, b], gradient: g }) => [
    () => sumTo(multiply(g, b), a.shape),
    () => sumTo(multiply(g, a), b.shape),
  ],
  divide: ({ inputs: [a, b], outputs: [y], gradient: g }) => [
    () => sumTo(divide(g, b), a.shape),
    () => scale(sumTo(divide(multiply(g, y), b), b.shape), -1),
  ],
  maximum: extremum(greater),
  minimum: extremum(less),
  equal: "piecewise constant",
  notEqual: "piecewise constant",
  less: "piecewise constant",
  lessEqual: "piecewise constant",
  greater: "piecewise constant",
  greaterEqual: "piecewise constant",
  gate: ({ inputs: [a, b], gradient: g }) => [undefined, () => sumTo(gate(a, g), b.shape)],
  where: ({ inputs: [condition, a, b], gradient: g }) => [
    undefined,
    () => sumTo(where(condition, g, zero(g)), a.shape),
    () => sumTo(where(condition, zero(g), g), b.shape),
  ],

  sum: ({ inputs: [x], attributes: { axes }, gradient: g }) => [() => spread(g, axes, x.shape)],
  mean: ({ inputs: [x], outputs: [y], attributes: { axes }, gradient: g }) => [
    () => spread(scale(g, y.size / x.size), axes, x.shape),
  ],
  // Equal maxima share the gradient.
  max: ({ inputs: [x], outputs: [y], attributes: { axes }, gradient: g }) => [
    () => {
      const winners = equal(x, spread(y, axes, x.shape));
      const share = divide(reshape(g, y.shape), reshape(sum(winners, { axes }), y.shape));
      return multiply(winners, spread(share, axes, x.shape));
    },
  ],

  reshape: ({ inputs: [x], gradient: g }) => [() => reshape(g, x.shape)],
  transpose: ({ attributes: { permutation }, gradient: g }) => [
    () =>
      transpose(
        g,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
  ],
  slice: ({ inputs: [x], attributes: { begin, size }, gradient: g }) => [
    () =>
      pad(
        g,
        begin,
        x.shape.map((extent, axis) => extent - begin[axis] - size[axis]),
      ),
  ],
  pad: ({ inputs: [x], attributes: { before }, gradient: g }) => [() => slice(g, before, x.shape)],
  concat: ({ inputs, attributes: { axis }, gradient: g }) => {
    let end = 0;
    return inputs.map(({ shape }) => {
      const begin = shape.map((_, i) => (i === axis ? end : 0));
      end += shape[axis];
      return () => slice(g, begin, shape);
    });
  },
  pack: ({ inputs, attributes: { offsets }, gradient: g }) =>
    inputs.map((x, i) => () => reshape(slice(g, [offsets[i]], [x.size]), x.shape)),
  broadcastTo: ({ inputs: [x], gradient: g }) => [() => sumTo(g, x.shape)],

  matmul: ({ inputs: [a, b], attributes: { transposeA, transposeB }, gradient: g }) => [
    () =>
      sumTo(
        transposeA
          ? matmul(b, g, { transposeA: transposeB, transposeB: true })
          : matmul(g, b, { transposeB: !transposeB }),
        a.shape,
      ),
    () =>
      sumTo(
        transposeB
          ? matmul(g, a, { transposeA: true, transposeB: transposeA })
          : matmul(a, g, { transposeA: !transposeA }),
        b.shape,
      ),
  ],
  linear: ({ inputs: [x, weight], gradient: g }) => [
    () => matmul(g, weight, { transposeB: true }),
    () => matmul(x, g, { transposeA: true }),
    () => sum(g, { axes: [0] }),
  ],

  conv2d: ({ inputs: [x, filter], attributes, gradient: g }) => [
    () => runOne("conv2dInputGradient", [g, filter], { ...attributes, inputShape: x.shape }),
    () => runOne("conv2dWeightGradient", [x, g], { ...attributes, filterShape: filter.shape }),
  ],
  // Both gradients of a convolution are linear in each input, so their gradients are convolutions again.
  conv2dInputGradient: ({ inputs: [dy, filter], attributes, gradient: g }) => [
    () => runOne("conv2d", [g, filter], attributes),
    () => runOne("conv2dWeightGradient", [g, dy], { ...attributes, filterShape: filter.shape }),
  ],
  conv2dWeightGradient: ({ inputs: [x, dy], attributes, gradient: g }) => [
    () => runOne("conv2dInputGradient", [dy, g], { ...attributes, inputShape: x.shape }),
    () => runOne("conv2d", [x, g], attributes),
  ],

  maxPool2d: ({ inputs: [x], outputs: [y], attributes, gradient: g }) => [
    () => runOne("maxPool2dGradient", [x, y, g], attributes),
  ],
  maxPool2dGradient: "nondifferentiable",
  averagePool2d: ({ inputs: [x], attributes, gradient: g }) => [
    () => runOne("averagePool2dGradient", [g], { ...attributes, inputShape: x.shape }),
  ],
  averagePool2dGradient: ({ attributes, gradient: g }) => [() => runOne("averagePool2d", [g], attributes)],

  batchNorm: ({ inputs: [x, gamma], outputs: [, mean, variance], attributes, gradient: g }) => {
    const [dx, dgamma, dbeta] = run("batchNormGradient", [x, gamma, mean, variance, g], attributes);
    return [() => dx, () => dgamma, () => dbeta];
  },
  batchNormGradient: "nondifferentiable",
  batchNormInference: ({ inputs: [x, gamma, , mean, variance], attributes: { epsilon }, gradient: g }) => {
    const deviation = runOne("sqrt", [affine(variance, 1, epsilon)], {});
    const rows = x.shape.slice(0, -1).map((_, axis) => axis);
    const normalised = (): Tensor => divide(runOne("subtract", [x, mean], {}), deviation);
    return [
      () => multiply(g, divide(gamma, deviation)),
      () => sum(multiply(g, normalised()), { axes: rows }),
      () => sum(g, { axes: rows }),
      noGradientOf("batchNormInference", "running statistics"),
      noGradientOf("batchNormInference", "running statistics"),
    ];
  },
  movingAverage: "nondifferentiable",

  batchMoments: ({ inputs: [x], outputs: [statistics], gradient: g }) => {
    const channels = statistics.shape[1];
    const row = (of: Tensor, at: number): Tensor => reshape(slice(of, [at, 0], [1, channels]), [channels]);
    const share = channels / x.size;
    return [
      () => {
        const rows = x.shape.slice(0, -1).map((_, axis) => axis);
        const fromRounded = runOne("subtract", [x, row(statistics, 0)], {});
        // The mean is rounded; what it lost is the mean of these differences.
        const deviation = runOne("subtract", [fromRounded, mean(fromRounded, { axes: rows })], {});
        return add(multiply(deviation, scale(row(g, 1), 2 * share)), scale(row(g, 0), share));
      },
    ];
  },
  denseBlock: ({ inputs, outputs: [block, statistics, ...kept], attributes, gradient: g }) => {
    const { growth, bottleneck, epsilon } = attributes;
    // A layer leaves its factors behind, and with a bottleneck z, its statistics and factors; the weight of a stage
    // is the fifth of its inputs.
    const perLayer = bottleneck === null ? 1 : 4;
    const stages = (inputs.length - 1) / 5;
    const weights = Array.from({ length: stages }, (_, stage) => inputs[5 * stage + 5]);
    const layers = bottleneck === null ? stages : stages / 2;
    const needed = Array.from({ length: layers }, (_, layer) => {
      const [factors, ...inner] = kept.slice(perLayer * layer, perLayer * (layer + 1));
      if (bottleneck === null) return [factors, weights[layer]];
      return [factors, weights[2 * layer], ...inner, weights[2 * layer + 1]];
    }).flat();
    const found = run("denseBlockGradient", [block, statistics, g, ...needed], {
      growth,
      bottleneck,
      epsilon,
    });
    const [dx, ...parameters] = found.map((gradient) => () => gradient);
    const ofStages = Array.from({ length: stages }, (_, stage): Gradient[] => {
      const [dgamma, dbeta, dweight] = parameters.slice(3 * stage, 3 * stage + 3);
      return [dgamma, dbeta, undefined, undefined, dweight];
    });
    return [dx, ...ofStages.flat()];
  },
  denseBlockGradient: "nondifferentiable",
  denseBlockInference: "nondifferentiable",
  activatedPool: ({ inputs: [x, statistics], outputs: [, factors, ...choice], attributes, gradient: g }) => {
    const { momentum: _, ...rest } = attributes;
    const found = run("activatedPoolGradient", [x, statistics, factors, g, ...choice], rest);
    const [dx, dgamma, dbeta] = found.map((gradient) => () => gradient);
    return [dx, partOfFirst, dgamma, dbeta];
  },
  activatedPoolGradient: "nondifferentiable",

  softmaxCrossEntropy: ({ outputs: [, logitGradient], gradient: g }) => [
    () => multiply(logitGradient, g),
    noGradientOf("softmaxCrossEntropy", "targets"),
  ],
  queryInnerProduct: ({ inputs: [features, theta], gradient: g }) => [
    () => matmul(g, theta),
    () => matmul(g, features, { transposeA: true }),
    () => sum(g, { axes: [0] }),
  ],
  // Both branches of the sharpening have slope 1 - 1/t.
  sharpen: ({ attributes: { temperature }, gradient: g }) => [() => scale(g, 1 - 1 / temperature)],
  assembleLoss: ({ inputs: [weak, strong, theta], outputs: [, , logitGradients], gradient: g }) => {
    const [, batch, classes] = logitGradients.shape;
    const both = multiply(logitGradients, g);
    const ofView = (view: number): Tensor =>
      reshape(slice(both, [view, 0, 0], [1, batch, classes]), [batch, classes]);
    // In warm-up one view stands in both places.
    const isOneView = weak.storage === strong.storage;
    return [
      () => matmul(ofView(0), theta),
      () => matmul(ofView(1), theta),
      () =>
        isOneView
          ? matmul(sum(both, { axes: [0] }), weak, { transposeA: true })
          : add(
              matmul(ofView(0), weak, { transposeA: true }),
              matmul(ofView(1), strong, { transposeA: true }),
            ),
      () => sum(both, { axes: [0, 1] }),
      undefined,
      noGradientOf("assembleLoss", "weights"),
    ];
  },

  takeRows: ({ inputs: [x, indices], attributes: { padding }, gradient: g }) => [
    () => runOne("addRows", [g, indices], { rows: x.shape[0], padding }),
  ],
  addRows: ({ inputs: [, indices], attributes: { padding }, gradient: g }) => [
    () => runOne("takeRows", [padding === null ? g : withoutRow(g, padding), indices], { padding: null }),
  ],

  randomUniform: "nondifferentiable",
  randomNormal: "nondifferentiable",
  normaliseImages: "nondifferentiable",
  augmentImages: "nondifferentiable",
  adam: "nondifferentiable",
  sgd: "nondifferentiable",
  clipFactor: "nondifferentiable",
};
