// The report floor: what people look at.

export {
  colours,
  contactSheet,
  type Cell,
  type Colour,
  type ContactSheet,
  type SheetRow,
  type Word,
} from "./contact-sheet.ts";
export { confidentMistakes, picturedRun, type Mistake, type Pictured } from "./run/pictured.ts";
export { findingLines, labelTables } from "./inspection-report.ts";
export {
  picturedCoverage,
  picturedStudy,
  type PicturedImages,
  type StudyPictured,
} from "./study/pictured.ts";
export { examplesPerGroup, sampleSheet, type SampleSheet } from "./sample-sheet.ts";
export { markdownTable, markdownText, type MarkdownColumn } from "./markdown.ts";
export {
  comparisonsCsv,
  scoresCsv,
  similarityMarkdown,
  similarityTable,
  studyJson,
  studyMarkdown,
  studyTable,
} from "./study-tables.ts";
export { aucTable, plainTable, showAuc } from "./tables.ts";
export { viewSheet, type ViewedImage } from "./view-sheet.ts";
