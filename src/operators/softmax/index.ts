// Softmax along the last axis, its logarithm, and the gradients of both.

import { logSoftmaxGradient, softmaxGradient } from "./softmax-gradient.ts";
import { logSoftmax, softmax } from "./softmax.ts";

export const softmaxOperators = { softmax, softmaxGradient, logSoftmax, logSoftmaxGradient } as const;
