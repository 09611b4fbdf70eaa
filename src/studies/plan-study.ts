// The plan that a study makes of a manifest.

import {
  aFlag,
  aNumber,
  aString,
  expectArgument,
  expectOptions,
  listOf,
  madeWith,
  oneOf,
  required,
  strings,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { trainingSettings } from "../assemble/settings-argument.ts";
import { placeOf } from "../labels/wording.ts";
import { studies, studyNames, type Study, type StudyName } from "./studies.ts";
import type { StudyCheck } from "./study-checks.ts";
import {
  groupsOf,
  isSegmentation,
  pixelMeasures,
  type PlanContext,
  type PlannedArm,
  type StudyContext,
  type StudyPlan,
} from "./study-plan.ts";

const knowledge: Requirement = {
  words: "a map from the name of each source to the classes that it knows, as knowledgeOf gives it",
  fits: (value) => value instanceof Map && [...value.values()].every(strings.fits),
};
const planContext: OptionChecks<PlanContext> = {
  classes: required(strings),
  knowledge: required(knowledge),
  whyNoFullLabels: aString,
  absentIsNegative: aFlag,
  settings: required(trainingSettings),
  areExclusive: aFlag,
  areExhaustive: aFlag,
  interest: strings,
  margin: required(aNumber),
  init: aString,
  asked: listOf("arms, as askedArms gives them", madeWith("an arm", ["name", "said", "settings"])),
};

/**
 * What a study trains and compares on the images of a manifest.
 * @throws UsageError for a manifest that it makes no sense with, a class of interest that it does not have, one too many
 */
export function planStudy(name: StudyName, asked: PlanContext): StudyPlan {
  expectArgument("planStudy", "the study", name, oneOf(studyNames));
  expectOptions("planStudy", asked, planContext);
  const place = placeOf(asked.classes);
  const interests = asked.interest?.map((each) => asked.classes[place(each)] ?? each);
  const context = interests === undefined ? asked : { ...asked, interest: interests };
  const { question, interest, checks, plan }: Study = studies[name];
  const refuse = (reason: string): never => {
    throw new UsageError(`study ${name} ${reason}`);
  };
  const known = { ...context, interest: [...new Set(context.interest ?? context.classes)] };
  const check = (each: StudyCheck): void => {
    const reason = each(known);
    if (reason !== false) refuse(reason);
  };
  if (interest === "none" && context.interest !== undefined) {
    refuse("is about all classes: leave --interest out");
  }
  if (interest === "one" && new Set(context.interest).size !== 1) {
    refuse("is about one class: name it with --interest CLASS");
  }
  refuseStrangers(known);
  checks.forEach(check);
  const judged = isSegmentation(context.settings) ? { measures: pixelMeasures } : {};
  const planned = { study: name, question, groups: groupsOf(context), notes: [], ...judged, ...plan(known) };
  const made = {
    ...planned,
    arms: planned.arms.map((each) => withReadingNote(withInit(each, context), context)),
  };
  const names = made.arms.flatMap(({ runs }) => runs.map((run) => run.name));
  const again = names.find((run, at) => names.indexOf(run) !== at);
  if (again !== undefined)
    refuse(
      `would call two of its runs ${JSON.stringify(again)}, by the names of sources or classes: call one otherwise`,
    );
  return made;
}

/** The arm with the weights that every run begins with; those that say where they begin keep it. */
function withInit(arm: PlannedArm, { init }: PlanContext): PlannedArm {
  return init === undefined ? arm : { ...arm, runs: arm.runs.map((run) => ({ init, ...run })) };
}

/** The arm with a note where it does not read pixels as others do. */
function withReadingNote(arm: PlannedArm, { areExhaustive = false }: PlanContext): PlannedArm {
  if (!areExhaustive || arm.note !== undefined || arm.runs.every(({ classes }) => classes === undefined))
    return arm;
  return {
    ...arm,
    note:
      "Each pixel is of one of all classes (exhaustive), and models of all of them decide for the likeliest. Models of some classes, as in " +
      `${arm.name}, cannot, and take a class above one half: part of a difference in IoU or Dice is that.`,
  };
}

/** @throws UsageError for a class that the manifest does not have */
function refuseStrangers({ classes, interest }: StudyContext): void {
  const stranger = interest.find((name) => !classes.includes(name));
  if (stranger === undefined) return;
  throw new UsageError(
    `--interest ${stranger}: is no class of the manifest${suggestion(stranger, classes) || ";"} it has ${classes.join(", ")}`,
  );
}
