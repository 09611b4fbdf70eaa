// What the runs of a study came to: the contract between those who run, those who compare and those who draw.

/** One way to train, that a study sets beside others. */
export interface Arm {
  /** A word for files and tables, such as `partial-bce`. */
  readonly name: string;
  /** A short phrase for figures and tables, such as "partial labels, BCE". */
  readonly label: string;
  /** What it is, in one sentence. */
  readonly about: string;
  /** Of a control, the name of the arm that it is one of, which the study may have been asked to leave out. */
  readonly controlOf?: string;
  /** How many models it trains with a seed, each in a run of its own; default 1. */
  readonly models?: number;
}

/** Two arms that a study sets against each other. */
export interface Comparison {
  /** Names of arms; the difference is that of the first less the second. */
  readonly first: string;
  readonly second: string;
  /** What the comparison asks, in one sentence. */
  readonly question: string;
  /** Where given, whether both are equal to within so much mean AUC is tested, too. */
  readonly margin?: number;
}

/** Classes whose mean AUC is told by itself. */
export interface ClassGroup {
  /** Such as "all", "known to one source", "known to several". */
  readonly name: string;
  readonly classes: readonly string[];
}

/** An arm with one seed. */
export interface Score {
  readonly arm: string;
  readonly seed: number;
  /** On the test images, by class; null where undefined. Of an arm that is several runs, the mean of those that know the class. */
  readonly auc: Readonly<Record<string, number | null>>;
  /** Steps and seconds that its runs took together. */
  readonly steps: number;
  readonly seconds: number;
}

/** What learning another class beside the class of interest did, with one seed. */
export interface SimilarityPoint {
  /** The other class. */
  readonly class: string;
  readonly seed: number;
  /** Cosine of the two classes' queries in a model that learned all classes. */
  readonly similarity: number;
  /** AUC of the class of interest, with the other class less alone. */
  readonly gain: number;
}

/** How alike an arm's learned class queries are, as the mean over seeds. */
export interface QuerySimilarity {
  readonly arm: string;
  /** [K] those that its model knows. */
  readonly classes: readonly string[];
  /** [K, K] cosines. */
  readonly cosines: readonly (readonly number[])[];
}

/** How the losses of a run went: means over each epoch, or over as many equal parts of the run as can be drawn. */
export interface Course {
  readonly arm: string;
  readonly seed: number;
  /** Which of the arm's runs. */
  readonly run: string;
  readonly bce: readonly number[];
  readonly pseudo: readonly number[];
  readonly consistency: readonly number[];
}

/** All that a study found. */
export interface StudyScores {
  /** Such as `overlap`. */
  readonly study: string;
  /** What it asks, in one sentence. */
  readonly question: string;
  readonly manifest: string;
  readonly classes: readonly string[];
  readonly groups: readonly ClassGroup[];
  readonly arms: readonly Arm[];
  readonly comparisons: readonly Comparison[];
  /** Of finished runs: some may be missing while a study is under way. */
  readonly scores: readonly Score[];
  /** Of a study on the similarity of classes: the class that it is about, and what each other class did for it. */
  readonly similarity?: { readonly interest: string; readonly points: readonly SimilarityPoint[] };
  /** Of arms whose models have class queries. */
  readonly queries?: readonly QuerySimilarity[];
  /** Of finished runs. */
  readonly courses?: readonly Course[];
  /** What could not be compared, and why, a sentence each. */
  readonly notes: readonly string[];
}
