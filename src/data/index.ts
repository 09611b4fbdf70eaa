// From manifests, image files and phantoms to labelled images in memory or on disk.

export * from "./index.browser.ts";
export { assembled, loadAssembly, type LoadOptions } from "./assembly/load.ts";
export {
  decodeAssembly,
  type DecodedAssembly,
  type DecodeOptions,
  type DecodeProgress,
} from "./assembly/pixels.ts";
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
export { parseManifest, readManifest, type DataManifest } from "./manifest/manifest.ts";
