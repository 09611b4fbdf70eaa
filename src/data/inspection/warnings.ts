// What a person is warned of before the first step of a training, from labels and names alone: `train`, `plan` and `study` say it,
// and `inspect` has it among its findings.
import { aManifest, type DataManifest } from "../manifest/manifest.ts";
import { expectArgument, strings } from "../../errors/arguments.ts";
import { aCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import { remarkKinds, type Remark } from "../catalogue/remarks.ts";
import { countLabels, type ListCount } from "./counts.ts";
import { gravestFirst, remarkFinding, type FindingKind } from "./finding-kinds.ts";
import { patientMeetings } from "./findings.ts";
import { classFindings, nearPatients } from "./label-findings.ts";
import { datasetsOf } from "../manifest/datasets.ts";

/** Findings that are warned of. What cannot be learned from one source alone ("lonely-source") may well be meant. */
const loud: ReadonlySet<FindingKind> = new Set<FindingKind>([
  ...["class-without-positives", "class-without-negatives", "class-without-score"],
  ...["negative-source", "list-without-labels", "leaked-patient", "near-patients"],
  ...Object.keys(remarkKinds),
] as FindingKind[]);

/**
 * The warnings about what a manifest selects, a sentence each, the gravest first.
 * @param selected what `catalogue` gives for the manifest; no image is opened
 */
export function warningsOf(manifest: DataManifest, selected: Catalogue): string[] {
  expectArgument("warningsOf", "the manifest", manifest, aManifest);
  expectArgument("warningsOf", "the catalogue", selected, aCatalogue);
  const { classes, lists, remarks } = selected;
  const datasets = datasetsOf(manifest);
  const named = lists.map((list) => ({
    ...{ list, dataset: datasets.get(list.source) ?? list.source },
    hashes: [],
  }));
  const findings = [
    ...patientMeetings(named),
    ...classFindings(
      classes,
      lists.map((list) => countLabels(list, classes.length)),
    ),
    ...nearPatients(named),
    ...remarks.map(remarkFinding),
  ];
  return gravestFirst(findings)
    .filter(({ kind }) => loud.has(kind))
    .map(({ sentence }) => sentence);
}

/** What was guessed or not understood where images were listed, the gravest first: what makes given labels and scores wrong. */
export function remarkWarnings(remarks: readonly Remark[]): string[] {
  return gravestFirst(remarks.map(remarkFinding)).map(({ sentence }) => sentence);
}

/** The warnings about labels that are counted already. @param isMasked whether they are masks */
export function labelWarnings(
  classes: readonly string[],
  counts: readonly ListCount[],
  isMasked: boolean,
): string[] {
  return gravestFirst(classFindings(classes, counts, isMasked))
    .filter(({ kind }) => loud.has(kind))
    .map(({ sentence }) => sentence);
}

/** More than a person reads before training begins. */
const mostLines = 12;

/** Lines for a terminal: the first warnings, and how many there are beyond. */
export function warningLines(warnings: readonly string[]): string[] {
  expectArgument("warningLines", "the warnings", warnings, strings);
  const shown = warnings.slice(0, mostLines).map((sentence) => `warning: ${sentence}`);
  const more = warnings.length - shown.length;
  if (more === 0) return shown;
  return [...shown, `warning: and ${more} more warnings, which tessera inspect lists`];
}
