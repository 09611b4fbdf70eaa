// The Label-Assemble floor: classifier, step, trainer, evaluation, run folders.

export { Classifier } from "./classifier.ts";
export { evaluate, predict, type Evaluation } from "./evaluate.ts";
export { NonFiniteError, RunFolderError } from "./failures.ts";
export { RunFolder, type Summary } from "./run-folder.ts";
export * from "./trainer.ts";
export { randomView, type Normalisation, type ViewSettings } from "./views.ts";
