// How good a ranking of documents is for a query whose relevant documents are known. Documents of equal score have no order: every
// metric is its mean over all orders of them, in closed form, so that no sort decides by accident.
import {
  aNumber,
  expectArgument,
  expectFields,
  numbersInOrder,
  oneOf,
  required,
  wholeFrom,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";

/** One query: the documents that were returned for it, in any order, and what they are worth. */
export interface RankedQuery {
  /** [n]; the document of the highest score stands first. -Infinity and Infinity are scores, NaN is none. */
  readonly scores: ArrayLike<number>;
  /** [n] grades of relevance of the same documents, 0 (not relevant, or not judged) to 30. */
  readonly grades: ArrayLike<number>;
  /** Grades of judged documents that were not returned. They count as never found. Default: none. */
  readonly missed?: ArrayLike<number>;
}

/** Gains are powers of two of grades: the largest keeps sums of them exact. */
export const largestGrade = 30;

/** Documents of one score. */
interface Tie {
  /** How many documents have a higher score. */
  readonly before: number;
  readonly size: number;
  /** Of its relevant documents. */
  readonly grades: readonly number[];
}

interface Ranked {
  /** Highest score first. */
  readonly ties: readonly Tie[];
  /** Grades above 0 of all judged documents, those not returned among them. */
  readonly relevant: readonly number[];
}

/** @throws UsageError as `pFound`, in front of it `what` */
export function ranked(query: RankedQuery, what: string): Ranked {
  expectFields(what, query, {
    scores: required(numbersInOrder),
    grades: required(numbersInOrder),
    missed: numbersInOrder,
  });
  const { scores, grades, missed = [] } = query;
  if (scores.length !== grades.length) {
    throw new UsageError(
      `${what}: ${scores.length} scores and ${grades.length} grades are not of the same documents`,
    );
  }
  const bad = [...Array.from(grades), ...Array.from(missed)].find(
    (grade) => !(grade >= 0 && grade <= largestGrade),
  );
  if (bad !== undefined)
    throw new UsageError(`${what}: a grade is ${bad}; grades are from 0 to ${largestGrade}`);
  const order = Array.from({ length: scores.length }, (_, i) => i);
  for (const i of order) {
    if (Number.isNaN(scores[i]))
      throw new UsageError(`${what}: score ${i} is NaN, which has no place in a ranking`);
  }
  order.sort((a, b) => (scores[a] === scores[b] ? 0 : scores[b] - scores[a]));
  const ties: Tie[] = [];
  for (let at = 0; at < order.length;) {
    const score = scores[order[at]];
    let end = at;
    const tied: number[] = [];
    for (; end < order.length && scores[order[end]] === score; end++) {
      const grade = grades[order[end]];
      if (grade > 0) tied.push(grade);
    }
    ties.push({ before: at, size: end - at, grades: tied });
    at = end;
  }
  const relevant = [...ties.flatMap((tie) => tie.grades), ...Array.from(missed).filter((grade) => grade > 0)];
  return { ties, relevant };
}

/** What `pFound` takes for the chance that a reader goes on after a document that did not satisfy. */
export const goesOn = {
  /** Yandex's definition, as CatBoost has it: one in seven breaks off. */
  standard: 0.85,
  /** The chance to break off in its place: documents past the third weigh nothing. Only to reproduce such figures. */
  notebook: 0.15,
} as const;
export type PFoundForm = keyof typeof goesOn;

/**
 * pFound: the probability that a reader who goes down the list finds what is looked for (Gulin, Karpovich, Raskovalov and
 * Segalovich, "Yandex at ROMIP'2009", 2009): the sum over ranks i of r_i P_i with P_1 = 1 and P_(i+1) = P_i (1 - r_i) p, where a
 * document of grade g satisfies with probability r = (2^g - 1) / 2^G.
 *
 * @param form what p is: `standard`, .85, or `notebook`, .15
 * @param bestGrade G; default: the highest grade of the query
 * @returns in [0, 1), 0 where nothing is relevant
 * @throws UsageError for lists of unequal length, a grade outside 0 to 30, a NaN among the scores
 */
export function pFound(query: RankedQuery, form: PFoundForm = "standard", bestGrade?: number): number {
  const { ties, relevant } = ranked(query, "pFound");
  expectArgument("pFound", "the form", form, oneOf(Object.keys(goesOn)));
  const highest = Math.max(0, ...relevant);
  if (bestGrade !== undefined) {
    expectArgument("pFound", "the best grade", bestGrade, aNumber);
    if (bestGrade < highest || bestGrade > largestGrade) {
      throw new UsageError(
        `pFound: the best grade is ${bestGrade}, but must be from ${highest}, which occurs, to ${largestGrade}`,
      );
    }
  }
  const scale = 2 ** (bestGrade ?? highest);
  const onward = goesOn[form];
  let found = 0;
  let unsatisfied = 1; // the probability that nothing above has satisfied, breaking off aside
  for (const { before, size, grades } of ties) {
    const failing = meanProducts(
      size,
      grades.map((grade) => 1 - (2 ** grade - 1) / scale),
    );
    if (grades.length > 0) {
      for (let j = 0; j < size; j++)
        found += unsatisfied * onward ** (before + j) * (failing[j] - failing[j + 1]);
    }
    unsatisfied *= failing[size];
  }
  return found;
}

/**
 * For j = 0 .. n, the mean over all choices of j out of n numbers of their product: elementary symmetric polynomials divided by
 * binomials, which stay within [0, 1] where the numbers do.
 * @param others those of the numbers that are not 1
 */
function meanProducts(n: number, others: readonly number[]): Float64Array {
  const means = new Float64Array(n + 1).fill(1);
  for (let count = n - others.length + 1, k = 0; k < others.length; count++, k++) {
    // The new number is not among the j chosen of `count`, or it is.
    for (let j = count; j > 0; j--) {
      const without = j === count ? 0 : means[j];
      means[j] = ((count - j) / count) * without + (j / count) * others[k] * means[j - 1];
    }
  }
  return means;
}

/** The discount of rank i, counted from 0: 1 / log2(i + 2). */
const discount = (rank: number): number => 1 / Math.log2(rank + 2);
const gain = (grade: number): number => 2 ** grade - 1;

/**
 * nDCG at a rank (Järvelin and Kekäläinen, 2002, with the gains of Burges et al., 2005): the sum over the first ranks i of
 * (2^g - 1) / log2(i + 1), divided by that of the best order of all judged documents.
 *
 * @param first how many ranks count
 * @param gains `exponential`, 2^g - 1, or `linear`, g, as trec_eval has it
 * @returns in [0, 1], or null where nothing is relevant
 * @throws as `pFound`
 */
export function ndcg(
  query: RankedQuery,
  first = 10,
  gains: "exponential" | "linear" = "exponential",
): number | null {
  const { ties, relevant } = ranked(query, "ndcg");
  expectArgument("ndcg", "the number of ranks", first, wholeFrom(1));
  expectArgument("ndcg", "the gains", gains, oneOf(["exponential", "linear"]));
  if (relevant.length === 0) return null;
  const gainOf = gains === "linear" ? (grade: number): number => grade : gain;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  let reached = 0;
  for (const { before, size, grades } of ties) {
    if (grades.length === 0) continue;
    let discounts = 0;
    for (let rank = before; rank < Math.min(before + size, first); rank++) discounts += discount(rank);
    reached += (discounts / size) * sum(grades.map(gainOf));
  }
  const best = [...relevant].sort((a, b) => b - a).slice(0, first);
  return reached / sum(best.map((grade, rank) => gainOf(grade) * discount(rank)));
}

/**
 * Average precision: the mean over relevant documents of the precision at their ranks, 0 for those that were not returned. Its mean
 * over queries is MAP. Every grade above 0 is relevant. Over ties as McSherry and Najork, "Computing information retrieval
 * performance measures efficiently in the presence of tied scores", 2008.
 *
 * @returns in [0, 1], or null where nothing is relevant
 * @throws as `pFound`
 */
export function rankedPrecision(query: RankedQuery): number | null {
  const { ties, relevant } = ranked(query, "rankedPrecision");
  if (relevant.length === 0) return null;
  let sum = 0;
  let above = 0; // relevant documents of higher scores
  for (const { before, size, grades } of ties) {
    const share = grades.length / size;
    // Where the document at a place is relevant, so many of each of the others are.
    const rest = size === 1 ? 0 : (grades.length - 1) / (size - 1);
    for (let i = 0; i < size && grades.length > 0; i++)
      sum += (share * (above + 1 + i * rest)) / (before + i + 1);
    above += grades.length;
  }
  return sum / relevant.length;
}

/**
 * Reciprocal rank of the first relevant document; its mean over queries is MRR.
 *
 * @returns in [0, 1], 0 where none was returned, or null where nothing is relevant
 * @throws as `pFound`
 */
export function reciprocalRank(query: RankedQuery): number | null {
  const { ties, relevant } = ranked(query, "reciprocalRank");
  if (relevant.length === 0) return null;
  const tie = ties.find(({ grades }) => grades.length > 0);
  if (tie === undefined) return 0;
  let sum = 0;
  let none = 1; // the probability that no place of the tie so far is relevant
  for (let i = 0; i <= tie.size - tie.grades.length; i++) {
    const here = tie.grades.length / (tie.size - i);
    sum += (none * here) / (tie.before + i + 1);
    none *= 1 - here;
  }
  return sum;
}

/**
 * The share of relevant documents among the first ranks.
 *
 * @param first how many ranks count
 * @returns in [0, 1], or null where nothing is relevant
 * @throws as `pFound`
 */
export function recallAt(query: RankedQuery, first = 100): number | null {
  const { ties, relevant } = ranked(query, "recallAt");
  expectArgument("recallAt", "the number of ranks", first, wholeFrom(1));
  if (relevant.length === 0) return null;
  let found = 0;
  for (const { before, size, grades } of ties) {
    found += grades.length * (Math.min(Math.max(0, first - before), size) / size);
  }
  return found / relevant.length;
}
