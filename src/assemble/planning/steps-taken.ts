// Which steps a run takes, as far as its settings tell.

import { noLambdas, takesStrongView } from "../assemble-terms.ts";
import type { TrainingSettings } from "../training-settings.ts";

/** Whether steps in warm-up compute the strong view, and whether those after it do; undefined where there surely are none. */
export function bothViewsOf(settings: TrainingSettings): {
  readonly inWarmUp: boolean | undefined;
  readonly after: boolean | undefined;
} {
  const { epochs, steps, warmupEpochs, warmupSteps } = settings;
  const warm = (warmupSteps ?? warmupEpochs) > 0;
  // How many steps an epoch has, only the data tells.
  const mixed = (steps === undefined) !== (warmupSteps === undefined);
  const rest = mixed || (steps ?? epochs) > (warmupSteps ?? warmupEpochs);
  return {
    inWarmUp: warm ? takesStrongView({ ...settings, ...noLambdas }) : undefined,
    after: rest ? takesStrongView(settings) : undefined,
  };
}
