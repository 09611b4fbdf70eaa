// Inspection of a catalogue before anything is trained on it.
export {
  countLabels,
  coverageOf,
  kindOf,
  type LabelCount,
  type LabelCoverage,
  type ListCount,
} from "./counts.ts";
export { chooseExamples, type ExampleGroup } from "./examples.ts";
export {
  findingKinds,
  inspect,
  type FindingCase,
  type FindingKind,
  type Inspection,
  type InspectionFinding,
  type NamedSample,
  type Severity,
  type Undecodable,
} from "./findings.ts";
export { type OpenedList } from "./sightings.ts";
export { datasetsOf, openedCatalogue, uncertaintyPolicy, type OpenedCatalogue } from "./opened.ts";
export { pixelRemarks } from "./grey-ranges.ts";
export { imageSizes, type SizeCount } from "./sizes.ts";
