// The settings of a training as an argument, apart from what they are made into: whoever plans a study loads no network.

import { madeWith } from "../errors/arguments.ts";

/** Settings as far as arguments are looked at; the loop looks at its own. */
export const trainingSettings = madeWith("the settings of a training, as settingsOf makes them", [
  ...["network", "normalisation", "weak", "strong", "batch", "epochs", "learningRate", "threshold", "seed"],
]);
