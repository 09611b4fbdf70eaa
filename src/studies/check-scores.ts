// Whether the scores of a study fit its arms, groups and comparisons: a file of them may have been edited or be of another study.

import { UsageError } from "../errors/errors.ts";
import { measures } from "../metrics/measures.ts";
import { byClassOf, measuresOf, type StudyScores } from "./scores.ts";

/** @throws UsageError for a name given twice or unknown, an arm's seed given twice, an AUC that is none, a margin not above 0 */
export function checkScores({
  study,
  classes,
  groups,
  arms,
  comparisons,
  scores,
  ...rest
}: StudyScores): void {
  const fail = (reason: string): never => {
    throw new UsageError(`study "${study}": ${reason}`);
  };
  const armNames = arms.map(({ name }) => name);
  const once = (what: string, names: readonly string[]): void => {
    const again = names.find((name, at) => names.indexOf(name) !== at);
    if (again !== undefined) fail(`${what} "${again}" is given twice`);
  };
  const known = (what: string, name: string, among: readonly string[], where: string): void => {
    if (!among.includes(name)) fail(`${where} names ${what} "${name}"; there are ${among.join(", ")}`);
  };
  once("class", classes);
  once("arm", armNames);
  once(
    "group",
    groups.map(({ name }) => name),
  );
  for (const group of groups) {
    for (const name of group.classes) known("class", name, classes, `group "${group.name}"`);
    once(`in group "${group.name}", class`, group.classes);
  }
  for (const { first, second, margin } of comparisons) {
    const where = `comparison "${first}" with "${second}"`;
    for (const name of [first, second]) known("arm", name, armNames, where);
    if (first === second) fail(`${where} compares an arm with itself`);
    if (margin !== undefined && !(margin > 0 && margin < Infinity)) {
      fail(`${where}: a margin is a number above 0, not ${margin}`);
    }
  }
  once(
    "the score of",
    scores.map(({ arm, seed }) => `${arm}, seed ${seed}`),
  );
  for (const score of scores) {
    const { arm, seed } = score;
    const where = `the score of seed ${seed}`;
    known("arm", arm, armNames, where);
    for (const measure of measuresOf(rest)) {
      for (const [name, value] of Object.entries(byClassOf(score, measure))) {
        known("class", name, classes, `${where} of arm "${arm}"`);
        if (value !== null && !(value >= 0 && value <= 1)) {
          fail(
            `${where} of arm "${arm}": the ${measures[measure].name} of "${name}" is ${value}, not in [0, 1]`,
          );
        }
      }
    }
  }
}
