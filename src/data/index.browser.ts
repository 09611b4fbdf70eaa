// Labelled images in memory, from the bytes of files, and phantoms: what of data needs no disk. index.ts adds what needs Node.

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
export type { DecodedImage, Fit, FittedSize } from "./images/image.ts";
export { classesBeyond, everyClass, noClass, type Learns } from "./manifest/class-filter.ts";
export {
  fileFormats,
  type FileFormat,
  type ImageFilesOptions,
  type TableReading,
} from "./named-files/file-options.ts";
export {
  imageOfFile,
  loadImages,
  type DrawnSplit,
  type LoadedImages,
  type LoadImagesOptions,
} from "./named-files/loaded-images.ts";
export type { NamedFile } from "./named-files/named-file.ts";
export { planImages, type ImagePlan, type PlannedLabel } from "./named-files/plan-images.ts";
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
