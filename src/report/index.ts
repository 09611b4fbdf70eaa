// The report floor: what people look at.

export {
  colours,
  contactSheet,
  type Cell,
  type Colour,
  type ContactSheet,
  type SheetRow,
  type Word,
} from "../pictures/contact-sheet.ts";
export {
  confidentMistakes,
  reportDataOf,
  type Mistake,
  type RunReportData,
} from "../runs/run-report-data.ts";
export { findingLines, labelTables } from "./inspection-report.ts";
export {
  coverageReportData,
  studyReportDataOf,
  type ReportedImages,
  type StudyReportData,
} from "../studies/study-report-data.ts";
export { examplesPerGroup, sampleSheet, type SampleSheet } from "../pictures/sample-sheet.ts";
export { markdownTable, markdownText, type MarkdownColumn } from "./markdown.ts";
export {
  comparisonsCsv,
  scoresCsv,
  similarityMarkdown,
  similarityTable,
  studyJson,
  studyMarkdown,
  studyTable,
} from "./study/study-tables.ts";
export { aucTable, plainTable, showAuc } from "./tables.ts";
export { viewSheet, type ViewedImage } from "../pictures/view-sheet.ts";
