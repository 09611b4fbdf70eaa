// The scores of a study: the contract between the code that runs it, compares its arms, and draws them.

/** One of the ways to train that a study compares. */
export interface Arm {
  /** Name in files and tables, such as `partial-bce`. */
  readonly name: string;
  /** A short phrase for figures and tables, such as "partial labels, BCE". */
  readonly label: string;
  /** Description in one sentence. */
  readonly about: string;
  /** For a control: the name of the arm that it is the control of, which may have been left out by --arms. */
  readonly controlOf?: string;
  /** Number of models that it trains with each seed, each in a run of its own; default 1. */
  readonly models?: number;
}

/** Two arms that a study compares. */
export interface Comparison {
  /** Names of arms; the difference is that of the first less the second. */
  readonly first: string;
  readonly second: string;
  /** The question of the comparison, in one sentence. */
  readonly question: string;
  /** Where given, a test asks whether both are equal to within this much mean AUC. */
  readonly margin?: number;
}

/** A group of classes, whose mean AUC is reported by itself. */
export interface ClassGroup {
  /** Such as "all", "known to one source", "known to several". */
  readonly name: string;
  readonly classes: readonly string[];
}

/** An arm with one seed. */
export interface Score {
  readonly arm: string;
  readonly seed: number;
  /** AUC on the test images, by class; null where undefined. For an arm of several runs, the mean of those that know the class. */
  readonly auc: Readonly<Record<string, number | null>>;
  /** Sums over its runs. */
  readonly steps: number;
  readonly seconds: number;
}

/** The effect of learning another class beside the class of interest, with one seed. */
export interface SimilarityPoint {
  /** The other class. */
  readonly class: string;
  readonly seed: number;
  /** Cosine of the two classes' queries in a model that learned all classes. */
  readonly similarity: number;
  /** AUC of the class of interest learned with the other class, less its AUC learned alone. */
  readonly gain: number;
}

/** Similarity of an arm's learned class queries, as the mean over seeds. */
export interface QuerySimilarity {
  readonly arm: string;
  /** [K] Classes that its model knows. */
  readonly classes: readonly string[];
  /** [K, K] cosines. */
  readonly cosines: readonly (readonly number[])[];
}

/** The losses over the course of a run: means over each epoch, or over as many equal parts of the run as can be drawn. */
export interface Course {
  readonly arm: string;
  readonly seed: number;
  /** Name of the run, among those of the arm. */
  readonly run: string;
  readonly bce: readonly number[];
  readonly pseudo: readonly number[];
  readonly consistency: readonly number[];
}

/** Everything that a study found. */
export interface StudyScores {
  /** Name of the study, such as `overlap`. */
  readonly study: string;
  /** Its question, in one sentence. */
  readonly question: string;
  readonly manifest: string;
  readonly classes: readonly string[];
  readonly groups: readonly ClassGroup[];
  readonly arms: readonly Arm[];
  readonly comparisons: readonly Comparison[];
  /** Scores of finished runs; some are missing while a study is under way. */
  readonly scores: readonly Score[];
  /** For a study on the similarity of classes: the class of interest, and the effect of each other class on it. */
  readonly similarity?: { readonly interest: string; readonly points: readonly SimilarityPoint[] };
  /** Query similarity of each arm whose models have class queries. */
  readonly queries?: readonly QuerySimilarity[];
  /** Courses of the losses of finished runs. */
  readonly courses?: readonly Course[];
  /** What could not be compared, and why, one sentence for each. */
  readonly notes: readonly string[];
}
