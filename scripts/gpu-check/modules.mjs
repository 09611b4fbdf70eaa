// Everything that the check kit takes from Tessera, so that an entry of the package which moves is mended in one place.

export {
  batchNorm,
  conv2d,
  matmul,
  openEngine,
  softmaxCrossEntropy,
  valueAndGradients,
} from "@tessera-gpu/tessera";
export { Initialiser, Linear, densenet121 } from "@tessera-gpu/tessera/nn";
export { operators } from "@tessera-gpu/tessera/operators";
export { Adam } from "@tessera-gpu/tessera/optim";
