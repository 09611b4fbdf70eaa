// A stage, on the host: batch norm, ReLU and what reads them. Dense blocks and pooled activations are made of these, and
// their definition is the plain operators'.

import type { HostArray, HostTensor } from "../../tensor/host.ts";
import { batchNormGradient } from "../normalisation/batch-norm-gradient.ts";
import { zeros } from "./row-chunks.ts";

/** What a batch norm owns: scale, shift and the running statistics, each [C]. */
export interface NormTensors {
  readonly gamma: HostTensor;
  readonly beta: HostTensor;
  readonly runningMean: HostTensor;
  readonly runningVariance: HostTensor;
}

/** The four tensors of a batch norm, from the first on. */
export function normTensors(inputs: readonly HostTensor[], first: number): NormTensors {
  const [gamma, beta, runningMean, runningVariance] = inputs.slice(first, first + 4);
  return { gamma, beta, runningMean, runningVariance };
}

/** Mean and biased variance of each channel of [..., C], into statistics [2, C]. */
export function computeMoments({ data }: HostTensor, statistics: HostTensor): void {
  const channels = statistics.shape[1];
  const rows = data.length / channels;
  const moments = statistics.data.fill(0);
  for (let i = 0; i < data.length; i++) moments[i % channels] += data[i] / rows;
  for (let i = 0; i < data.length; i++) {
    const channel = i % channels;
    moments[channels + channel] += (data[i] - moments[channel]) ** 2 / rows;
  }
}

/**
 * Scale and shift of a batch norm, into factors [2, C], and its running statistics moved: by the momentum, the variance
 * made unbiased with the number of rows. `statistics` [2, width] begin with the channels it reads.
 */
export function computeFactors(
  statistics: HostTensor,
  norm: NormTensors,
  { rows, epsilon, momentum }: { rows: number; epsilon: number; momentum: number },
  factors: HostTensor,
): void {
  const channels = norm.gamma.shape[0];
  const width = statistics.shape[1];
  const unbiased = rows > 1 ? rows / (rows - 1) : 1;
  for (let c = 0; c < channels; c++) {
    const mean = statistics.data[c];
    const variance = statistics.data[width + c];
    const scale = norm.gamma.data[c] / Math.sqrt(variance + epsilon);
    factors.data[c] = scale;
    factors.data[channels + c] = norm.beta.data[c] - mean * scale;
    move(norm.runningMean.data, c, mean, momentum);
    move(norm.runningVariance.data, c, variance * unbiased, momentum);
  }
}

function move(running: HostArray, at: number, value: number, momentum: number): void {
  running[at] = (1 - momentum) * running[at] + momentum * value;
}

/** max(x * scale + shift, 0) of x [..., C] with factors [2, C]. */
export function activate(x: HostTensor, factors: HostTensor): HostTensor {
  const channels = factors.shape[1];
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) {
    const c = i % channels;
    y.data[i] = Math.max(x.data[i] * factors.data[c] + factors.data[channels + c], 0);
  }
  return y;
}

/** The gradients of `activate`, where the factors come from the statistics of x itself. */
export interface StageGradient {
  readonly dx: HostTensor;
  readonly dgamma: HostTensor;
  readonly dbeta: HostTensor;
}

/**
 * The way back through ReLU and batch norm.
 * @param x [..., C]
 * @param statistics [2, width], beginning with the channels of x
 * @param factors [2, C]
 * @param da [..., C], the gradient of what `activate` gives
 */
export function activateGradient(
  x: HostTensor,
  statistics: HostTensor,
  factors: HostTensor,
  da: HostTensor,
  epsilon: number,
): StageGradient {
  const [, channels] = factors.shape;
  const width = statistics.shape[1];
  const [gamma, mean, variance] = [zeros([channels]), zeros([channels]), zeros([channels])];
  for (let c = 0; c < channels; c++) {
    mean.data[c] = statistics.data[c];
    variance.data[c] = statistics.data[width + c];
    gamma.data[c] = factors.data[c] * Math.sqrt(variance.data[c] + epsilon);
  }
  const dy = zeros(x.shape);
  for (let i = 0; i < dy.data.length; i++) {
    const c = i % channels;
    const passes = x.data[i] * factors.data[c] + factors.data[channels + c] > 0;
    dy.data[i] = passes ? da.data[i] : 0;
  }
  const [dx, dgamma, dbeta] = [zeros(x.shape), zeros([channels]), zeros([channels])];
  batchNormGradient.reference([x, gamma, mean, variance, dy], [dx, dgamma, dbeta], { epsilon });
  return { dx, dgamma, dbeta };
}
