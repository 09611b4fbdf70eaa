// The measures of a judgement by name, with a sentence each on what it means, for the terminal and for the page.

import type { TableJudgement, Yardsticked } from "../../tabular/judging/table-judgement.ts";
import { fixed, none, whole } from "../html/number-text.ts";

export interface MeasureWords {
  readonly id: string;
  readonly title: string;
  readonly found: Yardsticked;
  /** How many decimals it is shown with. */
  readonly decimals: number;
  /** What its yardsticks are called where there is little room. */
  readonly yardsticks: { readonly floor: string; readonly ceiling: string };
  readonly sentence: string;
  /** Why it may not be defined; default: it has too few columns, or of one kind alone. */
  readonly lacks?: string;
}

/** What it means; of a measure that is not defined, why not. */
export const meaning = ({ found, sentence, lacks }: MeasureWords): string =>
  found.value === null
    ? `Not defined for this table: ${lacks ?? "it has too few columns, or of one kind alone"}.`
    : sentence;

const usual = { floor: "independent", ceiling: "real" };

/** What every reader is told first. */
export const noProof =
  "None of this is a proof. The measures compare tables; they cannot see what nobody looked for, and no differential privacy is claimed.";

/** The measures of how good a table is, in the order in which they are shown. */
export function qualityMeasures(found: TableJudgement): MeasureWords[] {
  const { looked, use } = found;
  const of = ({ taken, all }: { readonly taken: number; readonly all: number }): string =>
    taken < all ? `${whole(taken)} of ${whole(all)}` : taken > 1 ? `all ${whole(all)}` : ["no", "one"][taken];
  const measures: MeasureWords[] = [
    {
      ...{ id: "shapes", title: "Shapes of columns", found: found.shapes },
      sentence:
        "How alike each column is by itself: 1 − KS for numbers, 1 − total variation for categories; the mean over columns. Independent " +
        "columns do as well, so a high value alone says little.",
      ...{ decimals: 3, yardsticks: usual },
    },
    {
      ...{ id: "pairs", title: "Pairs of columns", found: found.pairs },
      sentence: `1 − total variation of the shares of each pair, numbers in ten bins: the mean over ${of(looked.pairs)} ${looked.pairs.taken === 1 ? "pair" : "pairs"}.`,
      ...{ decimals: 3, yardsticks: usual },
    },
    {
      ...{ id: "triples", title: "Triples of columns", found: found.triples },
      sentence: `The same for ${of(looked.triples)} ${looked.triples.taken === 1 ? "triple" : "triples"}, which show what pairs do not.`,
      ...{ decimals: 3, yardsticks: usual },
    },
    {
      ...{ id: "correlations", title: "Correlations of numbers", found: found.correlations },
      sentence:
        "1 − half the difference of the correlations, the mean over pairs of numbers. It is near 1 for any table whose numbers are hardly " +
        "correlated.",
      ...{ decimals: 3, yardsticks: usual },
    },
    {
      ...{ id: "coverage", title: "Values that occur", found: found.coverage },
      sentence:
        "The share of categories, and of a hundred bins of numbers, that occur at all; the mean over columns. Independent columns keep them all.",
      ...{ decimals: 3, yardsticks: usual },
    },
    {
      ...{ id: "detection", title: "Told from real rows", found: found.detection },
      sentence:
        "AUC of a small network that was taught to tell these rows from real ones: .5 means that it cannot, 1 that it always can. It is a " +
        "weaker judge than boosted trees; .5 says that this network found nothing, not that there is nothing to find.",
      ...{ decimals: 3, yardsticks: usual },
    },
  ];
  if (use === null) return measures;
  const { target, trainOnSynthetic, testOnSynthetic } = use;
  const lacks = `too few of its rows have ${target.column} ${target.positive} or ${target.negative}`;
  return [
    ...measures,
    {
      ...{ id: "train-on-synthetic", title: "Train on it, test on real", found: trainOnSynthetic },
      sentence:
        `AUC on real rows of a small network that learned ${target.column} (${target.positive} or ${target.negative}) from these rows. It speaks ` +
        "for this column and this network alone.",
      ...{ decimals: 3, yardsticks: usual, lacks },
    },
    {
      ...{ id: "test-on-synthetic", title: "Train on real, test on it", found: testOnSynthetic },
      sentence: `AUC on these rows of a network that learned ${target.column} from real ones. Above real rows: they are tidier than people are.`,
      ...{ decimals: 3, yardsticks: usual, lacks },
    },
  ];
}

/** The share of rows nearer to training. */
export function nearerMeasure({ privacy: { nearer, closest } }: TableJudgement): MeasureWords {
  return {
    ...{ id: "nearer", title: "Nearer to training rows", found: nearer },
    sentence:
      `The share of ${whole(closest.rows)} synthetic rows that are nearer to one of ${whole(closest.others)} training rows than to as many that ` +
      "the model never saw; .5 is right, and copies of training rows are well above. By chance one interval of twenty misses what all rows of " +
      "the model would have. It sees copying in bulk, not a single person's row.",
    ...{ decimals: 3, yardsticks: { floor: "independent", ceiling: "copies" } },
  };
}

/** "0.950 (0.945 to 0.955)" */
export function shownValue({ found: { value, interval }, decimals }: MeasureWords): string {
  if (value === null) return none;
  const reach =
    interval === undefined || interval === null
      ? ""
      : ` (${fixed(interval.low, decimals)} to ${fixed(interval.high, decimals)})`;
  return `${fixed(value, decimals)}${reach}`;
}

/** What the exact copies say. */
export function copiesSentence({ privacy: { copies } }: TableJudgement): string {
  const rows = (count: number, of: number): string => `${whole(count)} of ${whole(of)}`;
  return (
    `${rows(copies.copies, copies.rows)} synthetic rows are equal to a real row; so are ${rows(copies.ofHoldout, copies.holdoutRows)} hold-out ` +
    `rows, by chance. Beyond that chance: ${whole(Math.round(copies.excess))}.`
  );
}

/** What the attack came to; undefined where none was asked for. */
export function disclosureSentence({ privacy: { disclosure } }: TableJudgement): string | undefined {
  if (disclosure === null) return undefined;
  const { column, from, rows, synthetic, holdout, majority } = disclosure;
  const shown = ({ rate, interval }: typeof synthetic): string =>
    `${fixed(100 * rate, 1)} % (${fixed(100 * interval.low, 1)} to ${fixed(100 * interval.high, 1)})`;
  return (
    `Somebody who knows ${from.join(", ")} of ${whole(rows)} real people guesses their ${column} right by the nearest synthetic rows in ` +
    `${shown(synthetic)} of cases, by rows of other people in ${shown(holdout)}, and by the commonest value in ${shown(majority)}. What ` +
    "counts is how far the first is above the second: that much comes from these people's own rows."
  );
}
