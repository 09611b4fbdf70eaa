// The data floor: from manifests, files and phantoms to an assembly in memory.

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
export {
  catalogue,
  type Catalogue,
  type CatalogueOptions,
  type Sample,
  type SampleList,
} from "./catalogue/catalogue.ts";
export { ArrayPixels } from "./cache/pixel-rows.ts";
export { StoredPixels } from "./cache/stored-pixels.ts";
export {
  viewPresetNames,
  viewPresets,
  type ViewPreset,
  type ViewSettings,
} from "../assemble/augmentation.ts";
export { assemblyDigest } from "./assembly/digest.ts";
export { DataError, ManifestError } from "../errors/data-errors.ts";
export {
  chooseExamples,
  coverageOf,
  findingKinds,
  imageSizes,
  inspect,
  kindOf,
  openedCatalogue,
  uncertaintyPolicy,
  type ExampleGroup,
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
} from "./inspection/index.ts";
export { imagesBelow } from "./formats/folder.ts";
export { parts, type Part } from "./catalogue/listing.ts";
export { assembled, loadAssembly, refuseEmpty, type LoadOptions } from "./assembly/load.ts";
export { classesBeyond, everyClass, noClass, type Learns } from "./manifest/class-filter.ts";
export { parseManifest, readManifest, type DataManifest } from "./manifest/manifest.ts";
export { epochOrder, permutation } from "./assembly/order.ts";
export {
  decodeAssembly,
  staysOnDisk,
  type DecodedAssembly,
  type DecodeOptions,
  type DecodeProgress,
} from "./assembly/pixels.ts";
export { recipeNames, recipes, withPreset, type RecipeName } from "../assemble/recipes.ts";
export { type Recipe } from "../assemble/train-fields.ts";
export { Sampler, samplings, stepsPerEpoch, type Position, type Sampling } from "./assembly/sampler.ts";
export { absentPolicies, taughtSources, type AbsentPolicy } from "../assemble/absent-policy.ts";
export { drawPhantom, findingNames, phantoms, siteNames, type Finding, type Site } from "./phantoms/index.ts";
export { randomStream, type Random } from "./random-stream.ts";
