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
  type FindingCase,
  type FindingKind,
  type InspectionFinding,
  type NamedSample,
  type Severity,
} from "./finding-kinds.ts";
export { inspect, type Inspection, type Undecodable } from "./findings.ts";
export { type OpenedList } from "./sightings.ts";
export { datasetsOf } from "../manifest/datasets.ts";
export { pixelRemarks } from "./grey-ranges.ts";
export { openedCatalogue, uncertaintyPolicy, type OpenedCatalogue } from "./opened.ts";
export { warningLines, warningsOf } from "./warnings.ts";
export { imageSizes, type SizeCount } from "./sizes.ts";
