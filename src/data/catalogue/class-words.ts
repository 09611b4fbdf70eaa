// Words of a source that no class takes, counted and shown: each of its images is negative for all classes that the source
// knows, which is right for another finding and wrong for a class that is spelled in another way.
import { nearest } from "../../errors/nearest.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { placeOf, visible } from "../../labels/wording.ts";
import type { Listing } from "./listing.ts";
import type { ClassMapping } from "./mapping.ts";
import type { Remark } from "./remarks.ts";

/** Words that are named in a sentence; all are among the cases. */
const shownWords = 12;

/** What of the source the remarks are about. */
export interface WordsOf {
  /** Name of the entry. */
  readonly source: string;
  readonly listing: Listing;
  readonly classes: readonly string[];
  readonly mapping: ClassMapping;
  /** The classes that the manifest says it knows. */
  readonly knows?: readonly string[] | undefined;
  /** Labels that are said to mean something else than every class. */
  readonly others?: readonly string[] | undefined;
}

/** Remarks about the words of a source whose labels are the words that occur; none for other sources. */
export function classWordRemarks({
  source,
  listing,
  classes,
  mapping,
  knows = classes,
  others = [],
}: WordsOf): Remark[] {
  if (listing.wordsOccur === undefined) return [];
  const { labelNames } = listing;
  const counts = positivesOf(listing);
  const isOther = placeOf(others);
  const cases = labelNames
    .map((name, label) => ({ name, label, count: counts[label] }))
    .filter(({ name, label, count }) => mapping.columns[label] < 0 && count > 0 && isOther(name) < 0)
    .sort((a, b) => b.count - a.count)
    .map(({ name, count }) => {
      const near = nearest(name, knows);
      return { name, count, ...(near === undefined ? {} : { example: `did you mean ${visible(near)}?` }) };
    });
  if (cases.length === 0) return [];
  const known = classes.filter((_, k) => mapping.known[k]);
  const empty = classes.filter(
    (_, k) => mapping.known[k] && !mapping.columns.some((column, label) => column === k && counts[label] > 0),
  );
  const images = cases.reduce((sum, { count }) => sum + count, 0);
  const shown = cases.slice(0, shownWords).map(({ name, count, example }) => {
    return `${visible(name)} ${count.toLocaleString("en")}${example === undefined ? "" : ` (${example})`}`;
  });
  const more = cases.length - shown.length;
  const list = `${shown.join(", ")}${more === 0 ? "" : `, and ${more} more`}`;
  const what =
    cases.length === 1 ? "a word that no class takes" : `${cases.length} words that no class takes`;
  const effect =
    known.length === 0
      ? "it knows no class"
      : `images with no other word are negative for ${known.join(", ")}`;
  const remarks: Remark[] = [
    {
      kind: "words-without-class",
      source,
      sentence:
        `${visible(source)} has ${what}: ${list}; ${effect}. Name them under mapping if they mean a class, or under ` +
        "others if they do not.",
      cases,
    },
  ];
  if (empty.length === 0) return remarks;
  const loud: Remark = {
    kind: "class-without-words",
    source,
    sentence:
      `${visible(source)} is said to know ${empty.join(", ")}, and none of its images has a word for ` +
      `${empty.length === 1 ? "it" : "them"}, while ${images.toLocaleString("en")} have words that no class takes: all its ` +
      "images with labels are negative there.",
    cases: empty.map((name) => ({ name, count: 0 })),
  };
  return [loud, ...remarks];
}

/** [labels] How many images are positive for each. */
function positivesOf({ labelNames, rawLabels }: Listing): Uint32Array {
  const counts = new Uint32Array(labelNames.length);
  for (const [at, code] of rawLabels.entries()) if (code === rawLabel.positive) counts[at % counts.length]++;
  return counts;
}
