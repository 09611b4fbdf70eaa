// Optimiser steps, in place. What changes from step to step (learning rate, corrections) comes in a tensor.

import { adam } from "./adam-update.ts";
import { clipFactor } from "./clip-factor.ts";
import { sgd } from "./sgd-update.ts";

export const optimiserOperators = { adam, sgd, clipFactor } as const;
