// What can be said against a manifest's `train` section, or an arm's, before any data is read, by its task.

import type { Fail, FieldPath } from "../data/manifest/complaints.ts";
import type { ManifestContent } from "../data/manifest/manifest-schema.ts";
import { exclusiveGroups } from "../data/manifest/mask-checks.ts";
import { suggestion } from "../errors/nearest.ts";
import { allExclude } from "../labels/class-relations.ts";
import { nearMatch, visible } from "../labels/wording.ts";
import type { TrainSection } from "./train-section.ts";
import { imageFields, pixelFields } from "./recipe.ts";

interface CheckedTraining extends Pick<ManifestContent, "task" | "classes" | "exclusive"> {
  readonly train: TrainSection;
}

/**
 * Fields of one task are for that task alone, and name classes that there are.
 * @param section where the fields stand
 */
export function checkTaskFields(
  { task, classes, exclusive, train }: CheckedTraining,
  fail: Fail,
  section: FieldPath,
): void {
  const checkNames = (field: "classWeights" | "positiveWeight"): void => {
    const weights = train[field];
    for (const name of typeof weights === "object" ? Object.keys(weights) : []) {
      if (classes.includes(name)) continue;
      const near = nearMatch(name, classes);
      const hint =
        near === undefined ? suggestion(name, classes) : `; ${visible(name)} is nearly ${visible(near)}`;
      fail(
        [...section, field, name],
        `weighs "${name}", which is not one of the classes (${classes.join(", ")})${hint}`,
      );
    }
  };
  if (task !== "segmentation") {
    const other = pixelFields.find((field) => train[field] !== undefined);
    if (other !== undefined)
      fail([...section, other], "is for task: segmentation; say that, or leave it out");
    checkNames("positiveWeight");
    return;
  }
  const other = imageFields.find((field) => train[field] !== undefined);
  if (other !== undefined) {
    fail([...section, other], "is for labels of whole images, and task: segmentation has none; leave it out");
  }
  const { kind } = train.head;
  if (kind !== "queries" && kind !== "linear") {
    fail(
      [...section, "head"],
      `must be queries or linear for segmentation: ${kind} heads are of whole images`,
    );
  }
  checkNames("classWeights");
  if (train.loss !== "softmax-marginal") return;
  if (!allExclude(exclusiveGroups({ classes, exclusive }) ?? [], classes.length)) {
    fail(
      [...section, "loss"],
      "gives each pixel one class, so all classes must exclude each other: say exclusive: true",
    );
  }
  if (train.supervised === "both") {
    fail([...section, "supervised"], "must be weak with loss: softmax-marginal, which has one view alone");
  }
}
