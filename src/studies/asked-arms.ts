// The arms of a manifest's own: each a change of its `train` section, as `tessera study settings` compares them.

import type { TrainingSettings } from "../assemble/training-settings.ts";
import { canonical } from "../training/canonical.ts";
import { counted } from "../errors/counted.ts";
import type { Comparison } from "./scores.ts";
import type { StudyCheck } from "./study-checks.ts";
import type { AskedArm, PlanContext, PlannedArm } from "./study-plan.ts";

/** Names of the fields in which two records differ. */
export function differing(
  was: Readonly<Record<string, unknown>>,
  is: Readonly<Record<string, unknown>>,
): string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.filter((name) => canonical(was[name]) !== canonical(is[name]));
}

/** What settings change of others, as the changes of a run. */
function changesOf(before: TrainingSettings, after: TrainingSettings): Partial<TrainingSettings> {
  const [was, is]: Readonly<Record<string, unknown>>[] = [{ ...before }, { ...after }];
  return Object.fromEntries(differing(was, is).map((name) => [name, is[name]]));
}

/** Two arms or more, of which no two are the same. */
export const armChecks: readonly StudyCheck[] = [
  ({ asked = [] }) =>
    asked.length < 2 &&
    `compares the manifest's arms, and it has ${asked.length === 0 ? "none" : "one"}; give it a section such as arms: ` +
      "{ plain: {}, faster: { learningRate: 0.01 } }, whose first arm the others are compared with",
  ({ asked = [] }) => {
    const texts = asked.map(({ settings, init = null }) => canonical([settings, init]));
    const again = texts.findIndex((text, at) => texts.indexOf(text) !== at);
    if (again < 0) return false;
    const first = texts.indexOf(texts[again]);
    return `would train the arms "${asked[first].name}" and "${asked[again].name}" alike; leave one of them out`;
  },
];

/** An arm of the plan for each of the manifest's, and a comparison of each with the first. */
export function planOfAsked({ asked = [], settings, classes }: PlanContext): {
  readonly arms: readonly PlannedArm[];
  readonly comparisons: readonly Comparison[];
  readonly notes: readonly string[];
} {
  const [{ name: first }] = asked;
  return {
    arms: asked.map(({ name, said, settings: own, init }) => ({
      name,
      label: name,
      about: said === "" ? "The manifest's training as it stands." : `The manifest's training with ${said}.`,
      runs: [
        {
          name,
          ...{ labels: "given", scoredClasses: classes, changes: changesOf(settings, own) },
          init: init ?? null,
        },
      ],
    })),
    comparisons: asked
      .slice(1)
      .map(({ name }) => ({ first: name, second: first, question: `Is ${name} better than ${first}?` })),
    notes: budgetNotes(asked),
  };
}

/** A note where some arms see more images than others. */
function budgetNotes(asked: readonly AskedArm[]): string[] {
  const budgets = asked.map(
    ({ settings: { steps = 0, batch } }) => `${counted(steps, "step")} of ${counted(batch, "image")}`,
  );
  if (new Set(budgets).size < 2) return [];
  const each = asked.map(({ name }, at) => `${name} ${budgets[at]}`);
  return [
    `Budgets differ (${each.join(", ")}): a difference of these arms is also one of how long they were trained.`,
  ];
}
