// Reports as HTML. It loads what draws them, so nothing imports it before a report is made.

export { isRunFolder, readRun, type RunContents } from "./run/read.ts";
export { runPage } from "./run/page.ts";
export { isStudyFolder, readStudy, type StudyContents } from "./study/read.ts";
export { studyPage } from "./study/page.ts";
export { studyFigures } from "./study/figures.ts";
