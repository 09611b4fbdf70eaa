// Labelled images in memory, and phantoms: what of data needs no files. index.ts adds what needs Node.

export { DataError, ManifestError } from "../errors/data-errors.ts";
export { background, ignored } from "../labels/label-map.ts";
export { absent, isSoft, negative, positive, softState, targetOf } from "../labels/states.ts";
export {
  assembly,
  concatenate,
  imageSet,
  pixelsInMemory,
  restrict,
  type Assembly,
  type ImageSet,
  type Origins,
  type Pixels,
} from "./assembly/assembly.ts";
export { assemblyDigest } from "./assembly/digest.ts";
export {
  Sampler,
  samplings,
  type Position,
  type SamplerSettings,
  type Sampling,
} from "./assembly/sampler.ts";
export { classesBeyond, everyClass, noClass, type Learns } from "./manifest/class-filter.ts";
export {
  drawPhantom,
  findingNames,
  outlinePhantom,
  phantoms,
  siteNames,
  type Finding,
  type PhantomImage,
  type PhantomOptions,
  type PhantomSet,
  type Site,
} from "./phantoms/index.ts";
export { randomStream, type Random } from "./random-stream.ts";
