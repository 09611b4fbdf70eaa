// Reports as HTML. This file loads the drawing libraries, so it is imported only when a report is made.

export type { RunContents } from "../runs/run-contents.ts";
export { isRunFolder, readRun } from "../runs/read-run.ts";
export { readTaskRun, type TaskContents } from "../runs/read-task-run.ts";
export { runPage } from "./run/run-page.ts";
export { taskPage } from "./run/task-page.ts";
export { isStudyFolder, readStudy, type StudyContents } from "../studies/read-study.ts";
export { studyPage } from "./study/study-page.ts";
export { studyFigures } from "./study/figures.ts";
