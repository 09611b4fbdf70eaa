// What a finding is: its kinds, how grave they are, its cases, and the words that its sentences share.
import type { Part } from "../catalogue/listing.ts";
import { remarkKinds, type Remark } from "../catalogue/remarks.ts";

/** Kinds of findings and how grave they are, the gravest first. */
export const findingKinds = {
  /** An image is in two parts of the split. */
  "leaked-image": "leak",
  /** A patient is in two parts of the split. */
  "leaked-patient": "leak",
  /** One image is positive in one place and negative in another. */
  "conflicting-labels": "conflict",
  /** Equal images of which a pixel is given as two classes that exclude each other. */
  "conflicting-outlines": "conflict",
  /** Every label of a class is absent everywhere. */
  "unknown-class": "empty class",
  /** There are images to train on, and labels of the class elsewhere alone. */
  "untaught-class": "empty class",
  /** No image to train on is positive, or can be. */
  "class-without-positives": "empty class",
  /** No image to train on is negative, or can be. */
  "class-without-negatives": "empty class",
  /** Validation or test lacks positives or negatives of classes that are learned. */
  "class-without-score": "empty class",
  /** Every label that a source gives is negative. */
  "negative-source": "empty class",
  /** Every label of a list is absent. */
  "list-without-labels": "empty class",
  /** A training source has labels, but none of a class that another source knows. */
  "lonely-source": "empty class",
  /** Equal images inside one list. */
  "duplicate-images": "duplicates",
  /** One image in two sources of one part. */
  "shared-image": "duplicates",
  /** One patient in two sources of one part. */
  "shared-patient": "duplicates",
  /** Two patients of one dataset are named nearly alike in two sources. */
  "near-patients": "guess",
  "undecodable-image": "undecodable",
  ...remarkKinds,
} as const;
export type FindingKind = keyof typeof findingKinds;
export type Severity = (typeof findingKinds)[FindingKind];

/** A sample by its names. */
export interface NamedSample {
  readonly source: string;
  readonly part: Part;
  readonly id: string;
}

/** One case of a finding: one image, one patient, or one class. */
export interface FindingCase {
  readonly class?: string;
  readonly patient?: string;
  /** A word, label, column or file in the source's own words, and how often it was met. */
  readonly name?: string;
  readonly count?: number;
  /** One of each place. */
  readonly samples: readonly NamedSample[];
  /** In the decoder's words. */
  readonly reason?: string;
}

export interface InspectionFinding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly sentence: string;
  /** All of them. */
  readonly cases: readonly FindingCase[];
}

export function finding(
  kind: FindingKind,
  sentence: string,
  cases: readonly FindingCase[],
): InspectionFinding {
  return { kind, severity: findingKinds[kind], sentence, cases };
}

export const listName = ({ source, part }: { source: string; part: Part }): string => `"${source}" (${part})`;

/** What was remarked while a source was listed, as a finding. */
export function remarkFinding({ kind, sentence, cases }: Remark): InspectionFinding {
  return finding(
    kind,
    sentence,
    cases.map(({ name, count, example }) => ({
      ...{ name, count, samples: [] },
      ...(example === undefined ? {} : { reason: example }),
    })),
  );
}

/** The gravest first. */
export function gravestFirst(findings: readonly InspectionFinding[]): InspectionFinding[] {
  const order = Object.keys(findingKinds);
  return findings.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
