// The table of demos, by the task that they show.

import type { TaskName } from "../../data/manifest/task-names.ts";
import { classificationDemo } from "./classification-demo.ts";
import type { Demo } from "./demo-row.ts";
import { segmentationDemo } from "./segmentation-demo.ts";

export const demos: Readonly<Record<TaskName, Demo>> = {
  classification: classificationDemo,
  segmentation: segmentationDemo,
};
