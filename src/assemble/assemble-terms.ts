// The loss terms of Label-Assemble: one table, from which the training step, the weights, the metrics file, the figures and
// the courses of studies take what they know of a term.

import type { TaskName } from "../data/manifest/task-names.ts";

/** What given labels of pixels teach: Label-Assemble's losses, or a softmax over classes and background (`softmax-marginal`). */
export const pixelLosses = ["assemble", "softmax-marginal"] as const;
export type PixelLoss = (typeof pixelLosses)[number];

/** The settings that decide which terms a run has. */
export interface TermSettings {
  readonly task?: TaskName | undefined;
  readonly lambdaDice?: number | undefined;
  readonly lambdaAucMargin?: number | undefined;
  readonly loss?: PixelLoss | undefined;
}

/** The weight of the Dice loss, for segmentation, where nobody says another. */
export const defaultLambdaDice = 0.3;

const diceWeight = ({ lambdaDice = defaultLambdaDice }: TermSettings): number => lambdaDice;
const aucMarginWeight = ({ lambdaAucMargin = 0 }: TermSettings): number => lambdaAucMargin;
const isSoftmax = ({ loss }: TermSettings): boolean => loss === "softmax-marginal";

/** A row of the table. */
export interface LossTerm {
  /** In metrics.jsonl, in checkpoints and in messages; never "loss" or "total", which name the weighted sum of all terms. */
  readonly name: string;
  /** Above the curve of a run. */
  readonly title: string;
  /** In the legend of a study's figure, where there is less room; default: the title. */
  readonly legend?: string;
  /** The setting that holds its weight. A term with a weight is off during warm-up; one without teaches from the start. */
  readonly lambda?: string;
  /** The weight of a term of given labels, which stays as it is over a run: it teaches in warm-up, too. Default: 1. */
  readonly fixed?: (settings: TermSettings) => number;
  /** Whether it compares both views: where its weight is above 0, a step computes the strong view, too. */
  readonly needsStrongView?: true;
  /** Which runs have it; default: all. */
  readonly of?: (settings: TermSettings) => boolean;
  /** Whether a run that gives it no weight neither computes nor tells it. All other terms are told, even with a weight of 0. */
  readonly optional?: true;
}

/** The first row is what given labels teach. The order is that in which a step returns its losses, after the total. */
export const lossTerms = [
  {
    name: "bce",
    title: "supervised: binary cross entropy (bce)",
    legend: "bce, of given labels",
    of: (settings) => !isSoftmax(settings),
  },
  {
    name: "marginal",
    title: "supervised: marginal cross entropy of a softmax",
    legend: "marginal, of given labels",
    of: isSoftmax,
  },
  {
    name: "dice",
    title: "supervised: Dice loss",
    legend: "Dice, of given labels",
    fixed: diceWeight,
    of: (settings) => settings.task === "segmentation" && diceWeight(settings) > 0 && !isSoftmax(settings),
  },
  {
    name: "aucMargin",
    title: "supervised: AUC margin",
    legend: "AUC margin, of given labels",
    fixed: aucMarginWeight,
    of: (settings) => settings.task !== "segmentation" && aucMarginWeight(settings) > 0,
  },
  {
    name: "pseudo",
    title: "pseudo-labels",
    lambda: "lambdaPseudo",
    of: (settings) => !isSoftmax(settings),
  },
  {
    name: "consistency",
    title: "consistency of both views",
    legend: "consistency",
    lambda: "lambdaConsistency",
    needsStrongView: true,
    of: (settings) => !isSoftmax(settings),
  },
] as const satisfies readonly LossTerm[];

type Row = (typeof lossTerms)[number];
type LambdaOf<Some extends LossTerm> = Extract<Some, { readonly lambda: string }>["lambda"];

/** The settings that hold the weights of terms. */
export type LambdaName = LambdaOf<Row>;
/** Those that settings must have; others may be left out, which means 0. */
export type NeededLambda = LambdaOf<Exclude<Row, { readonly optional: true }>>;
/** The weight of each term that has one. */
export type Lambdas = Readonly<Record<LambdaName, number>>;
/** Weights as settings give them; one that is left out is 0. */
export type GivenLambdas = { readonly [Name in LambdaName]?: number | undefined };

type Weights = GivenLambdas;

const rows: readonly LossTerm[] = lossTerms;
const weightOf = ({ lambda }: LossTerm, weights: Weights): number =>
  lambda === undefined ? 1 : ((weights as Readonly<Record<string, number | undefined>>)[lambda] ?? 0);

/** In the order of the table. */
export const lambdaNames: readonly LambdaName[] = lossTerms.flatMap((term) =>
  "lambda" in term ? [term.lambda] : [],
);

const lambdasBy = (weight: (name: LambdaName) => number): Lambdas =>
  Object.fromEntries(lambdaNames.map((name) => [name, weight(name)])) as Record<LambdaName, number>;

/** The weights during warm-up, and of a run that learns from given labels alone. */
export const noLambdas: Lambdas = lambdasBy(() => 0);

export const lambdasOf = (settings: GivenLambdas): Lambdas => lambdasBy((name) => settings[name] ?? 0);

/** Whether anything but given labels teaches after warm-up. */
export const hasUnsupervisedLosses = (settings: GivenLambdas): boolean =>
  lambdaNames.some((name) => (settings[name] ?? 0) > 0);

/** Names of the losses that each step of a run returns: the total, then the terms. */
export const assembleTerms = (settings: GivenLambdas & TermSettings, table = rows): readonly string[] => [
  "total",
  ...table
    .filter(({ of = always }) => of(settings))
    .filter((term) => term.optional !== true || weightOf(term, settings) > 0)
    .map(({ name }) => name),
];

const always = (): boolean => true;

/** The one loss whose meaning does not change when the others join it after warm-up. */
export const supervisedTerm = (settings: GivenLambdas & TermSettings): string => assembleTerms(settings)[1];

/**
 * The weights with which the terms of a step add up to its total, by name. A weight of 0 says that the term does not count.
 *
 * @param lambdas those of the step: `noLambdas` during warm-up
 */
export function termWeights(
  settings: GivenLambdas & TermSettings,
  lambdas: GivenLambdas = lambdasOf(settings),
): Readonly<Record<string, number>> {
  const [, ...names] = assembleTerms(settings);
  return Object.fromEntries(
    rows
      .filter(({ name }) => names.includes(name))
      .map((term) => [term.name, term.fixed?.(settings) ?? weightOf(term, lambdas)]),
  );
}

/** Terms that compare both views, of which a step with the weak view alone computes nothing. */
export const strongViewTerms: readonly string[] = rows
  .filter(({ needsStrongView }) => needsStrongView === true)
  .map(({ name }) => name);

/** All terms with a weight that warm-up is without: what mixed images alone tell nothing of. */
export const unsupervisedTerms: readonly string[] = rows
  .filter(({ lambda }) => lambda !== undefined)
  .map(({ name }) => name);

/** What decides which views a step computes. */
export interface ViewChoices extends GivenLambdas {
  readonly supervised?: "weak" | "both" | undefined;
  readonly mixup?: number | undefined;
}

/**
 * Whether a step looks at both views: for a term that compares them, or because given labels teach the strong one, too. Where given
 * labels are of mixed images (`mixup`), for any unsupervised loss, which are of images as they are.
 */
export function takesStrongView(settings: ViewChoices): boolean {
  if (settings.mixup !== undefined) return hasUnsupervisedLosses(settings);
  const weights = lambdasOf(settings);
  const compares = rows.some((term) => term.needsStrongView === true && weightOf(term, weights) > 0);
  return compares || settings.supervised === "both";
}

/** How many views of an image go through the network in a step. */
export function viewsOf(settings: ViewChoices): number {
  const plain = takesStrongView(settings) ? 2 : 1;
  if (settings.mixup === undefined) return plain;
  return (settings.supervised === "both" ? 2 : 1) + (plain === 2 ? 2 : 0);
}

/** Whether a term teaches after warm-up. That of a name which is not in the table, as the total's, always does. */
export function teaches(name: string, settings: GivenLambdas): boolean {
  const term = rows.find((each) => each.name === name);
  return term === undefined || weightOf(term, lambdasOf(settings)) > 0;
}

/** Settings without weights of 0 that may be left out, so that both ways to say the same are equal. */
export function withoutIdleLambdas<Settings extends object>(settings: Settings, table = rows): Settings {
  const idle = table.filter((term) => term.optional === true && weightOf(term, settings as Weights) === 0);
  const names = new Set(idle.map(({ lambda }) => lambda));
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.has(name))) as Settings;
}
