// Everything that the check kit takes from Tessera, so that an entry of the package which moves is mended in one place.

export {
  Adam,
  Initialiser,
  Linear,
  batchNorm,
  conv2d,
  densenet121,
  matmul,
  openEngine,
  operators,
  softmaxCrossEntropy,
  valueAndGradients,
} from "tessera";
