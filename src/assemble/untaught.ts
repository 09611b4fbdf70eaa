// Warns of classes that a model learned before and that the images of a further training do not teach.

import { hasUnsupervisedLosses, lambdaNames, type GivenLambdas } from "./assemble-terms.ts";
import { labelSpaceOf } from "./label-space.ts";
import type { WarmedBudget } from "./warm-up.ts";
import type { TrainingSettings } from "./training-settings.ts";
import type { Assembly } from "../data/assembly/assembly.ts";

type Switches = Pick<TrainingSettings, "absent" | "unsupervisedOn" | "loss"> & GivenLambdas;
type Length = Pick<WarmedBudget, "warmup" | "steps">;

/** One sentence; undefined where some source teaches each class. */
export function untaughtNote(assembly: Assembly, settings: Switches, budget: Length): string | undefined {
  const taught = new Set(labelSpaceOf(assembly).known.flat());
  const untaught = assembly.classes.filter((_, k) => !taught.has(k));
  if (untaught.length === 0) return undefined;
  return `no training image has a label of ${untaught.join(", ")}: ${fate(settings, budget)}`;
}

function fate({ absent, unsupervisedOn, loss, ...lambdas }: Switches, { warmup, steps }: Length): string {
  if (absent === "negative") {
    return "train.absent: negative teaches that no image shows them; say ignored to keep what the model knows of them";
  }
  const nothing = "nothing keeps what the model knows of them";
  if (loss === "softmax-marginal")
    return `${nothing}, since loss: softmax-marginal learns from given labels alone`;
  if (!hasUnsupervisedLosses(lambdas)) {
    const weights = lambdaNames.map((name) => `train.${name}`);
    return `${nothing}; give ${weights.join(" or ")} a weight`;
  }
  if (unsupervisedOn === "labelled") return `${nothing}; set train.unsupervisedOn to absent or all`;
  if (warmup >= steps) return `${nothing}, for warm-up takes the whole run`;
  return "what the model knows of them is kept by the unsupervised losses alone";
}
