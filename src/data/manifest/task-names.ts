// Names of tasks, apart from the schema of manifests so that the command line can list them without loading it.

export const taskNames = ["classification", "segmentation"] as const;
export type TaskName = (typeof taskNames)[number];
