// From manifests, image files and phantoms to labelled images in memory or on disk. Needs Node.

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
export { assembled, loadAssembly, type LoadOptions } from "./assembly/load.ts";
export {
  decodeAssembly,
  type DecodedAssembly,
  type DecodeOptions,
  type DecodeProgress,
} from "./assembly/pixels.ts";
export {
  Sampler,
  samplings,
  type Position,
  type SamplerSettings,
  type Sampling,
} from "./assembly/sampler.ts";
export { catalogue, type Catalogue, type CatalogueOptions } from "./catalogue/catalogue.ts";
export type { Sample, SampleList } from "./catalogue/sample-lists.ts";
export { parts, type Part } from "./catalogue/listing.ts";
export { remarkKinds, type Remark, type RemarkCase, type RemarkKind } from "./catalogue/remarks.ts";
export {
  coverageOf,
  findingKinds,
  imageSizes,
  inspect,
  openedCatalogue,
  type FindingCase,
  type Inspection,
  type InspectionFinding,
  type LabelCount,
  type LabelCoverage,
  type ListCount,
  type NamedSample,
  type OpenedCatalogue,
  type OpenedList,
  type Severity,
  type SizeCount,
  type Undecodable,
  warningLines,
  warningsOf,
} from "./inspection/index.ts";
export { classesBeyond, everyClass, noClass, type Learns } from "./manifest/class-filter.ts";
export { parseManifest, readManifest, type DataManifest } from "./manifest/manifest.ts";
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
