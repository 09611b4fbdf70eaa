// The metrics floor.

export { auc, aucByClass, meanAuc } from "./auc.ts";
export { absent, negative, positive } from "./label-states.ts";
