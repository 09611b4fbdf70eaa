// What can be learned on an assembly: a table of tasks. Images, batches, views, warm-up, checkpoints and run folders are the same
// for all of them.

import type { TaskName } from "../data/manifest/task-names.ts";
import type { AssemblyTask } from "./assembly-task.ts";
import { classificationTask } from "./classification-task.ts";
import { segmentationTask } from "./segmentation-task.ts";
import type { TrainingSettings } from "./training-settings.ts";

const tasks: Readonly<Record<TaskName, AssemblyTask>> = {
  classification: classificationTask,
  segmentation: segmentationTask,
};

/** The task of settings. */
export const taskOf = ({ task = "classification" }: Pick<TrainingSettings, "task">): AssemblyTask =>
  tasks[task];
