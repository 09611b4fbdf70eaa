// What a person should know before training on a catalogue: leaks, contradictions, classes that cannot be learned or
// measured, copies, files that are no images; each as a sentence with its cases, the gravest first.
import type { ExclusiveGroups } from "../../labels/label-map.ts";
import { outlineConflicts } from "./outline-conflicts.ts";
import { UsageError } from "../../errors/errors.ts";
import { expectArgument, aList, listOf, madeWith, strings } from "../../errors/arguments.ts";
import { counted } from "../../errors/counted.ts";
import type { Remark } from "../catalogue/remarks.ts";
import { countLabels, type ListCount } from "./counts.ts";
import {
  finding,
  gravestFirst,
  listName,
  remarkFinding,
  type FindingCase,
  type FindingKind,
  type InspectionFinding,
  type NamedSample,
} from "./finding-kinds.ts";
import { classFindings, imagesOf, nearPatients } from "./label-findings.ts";
import {
  contradiction,
  sameImages,
  samePatients,
  sampleAt,
  type Group,
  type OpenedList,
  type Sighting,
} from "./sightings.ts";

/** An image that could not be decoded, by its place in the lists. */
export interface Undecodable extends Sighting {
  readonly reason: string;
}

export interface Inspection {
  /** One for each list of the catalogue. */
  readonly counts: readonly ListCount[];
  /** The gravest first. */
  readonly findings: readonly InspectionFinding[];
  /** The checks that found nothing, a sentence each. */
  readonly clean: readonly string[];
}

const openedLists = listOf(
  "opened lists, as openedCatalogue gives them",
  madeWith("an opened list", ["list", "hashes"]),
);

/**
 * @param lists in the order of the catalogue
 * @param remarks of the catalogue
 * @param exclusive classes of which a pixel has at most one
 */
export function inspect(
  classes: readonly string[],
  lists: readonly OpenedList[],
  undecodable: readonly Undecodable[],
  remarks: readonly Remark[] = [],
  exclusive: ExclusiveGroups = [],
): Inspection {
  expectArgument("inspect", "the classes", classes, strings);
  expectArgument("inspect", "the lists", lists, openedLists);
  expectArgument("inspect", "what cannot be decoded", undecodable, aList);
  const other = lists.find(({ list }) => list.states.length !== list.samples.length * classes.length);
  if (other !== undefined) {
    throw new UsageError(
      `inspect: the list of "${other.list.source}" is not of these ${classes.length} classes`,
    );
  }
  const counts = lists.map(({ list }) => countLabels(list, classes.length));
  const images = sameImages(lists);
  const found = [
    ...meetings(lists, images, { across: "leaked-image", within: "shared-image", what: "image" }),
    ...patientMeetings(lists),
    ...conflicts(classes, lists, images),
    ...outlineConflicts(classes, exclusive, lists, images, (at) => named(lists, at)).flatMap(
      ({ sentence, cases }) => finding("conflicting-outlines", sentence, cases),
    ),
    ...classFindings(classes, counts),
    ...nearPatients(lists),
    ...duplicates(lists, images),
    ...failures(lists, undecodable),
    ...remarks.map(remarkFinding),
  ];
  const findings = gravestFirst(found);
  return { counts, findings, clean: inVain(lists, counts, new Set(findings.map(({ kind }) => kind))) };
}

function named(lists: readonly OpenedList[], at: Sighting): NamedSample {
  const { source, part } = lists[at.list].list;
  return { source, part, id: sampleAt(lists, at).id };
}

/** Patients that are in two lists, by name inside their datasets: no image need be opened for that. */
export function patientMeetings(lists: readonly OpenedList[]): InspectionFinding[] {
  const kinds = { across: "leaked-patient", within: "shared-patient", what: "patient" } as const;
  return meetings(lists, samePatients(lists), kinds);
}

/** Images or patients that are in two lists: a leak where the lists are of different parts. */
function meetings(
  lists: readonly OpenedList[],
  groups: readonly Group[],
  kinds: { readonly across: FindingKind; readonly within: FindingKind; readonly what: "image" | "patient" },
): InspectionFinding[] {
  const pairs = new Map<string, { first: number; second: number; cases: FindingCase[] }>();
  for (const group of groups) {
    const places = group.filter((here, i) => group.findIndex(({ list }) => list === here.list) === i);
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(i + 1)) {
        const key = `${a.list} ${b.list}`;
        const pair = pairs.get(key) ?? { first: a.list, second: b.list, cases: [] };
        const { patient } = sampleAt(lists, a);
        pair.cases.push({
          ...(kinds.what === "patient" && patient !== undefined ? { patient } : {}),
          samples: [named(lists, a), named(lists, b)],
        });
        pairs.set(key, pair);
      }
    }
  }
  return [...pairs.values()].map(({ first, second, cases }) => {
    const [a, b] = [lists[first].list, lists[second].list];
    const many = cases.length === 1 ? "is" : "are";
    const who = counted(cases.length, kinds.what);
    if (a.part === b.part) {
      return finding(
        kinds.within,
        `${who} ${many} in two sources of ${a.part}: "${a.source}" and "${b.source}".`,
        cases,
      );
    }
    const where =
      a.source === b.source
        ? `two parts of "${a.source}": ${a.part} and ${b.part}`
        : `two parts: ${listName(a)} and ${listName(b)}`;
    return finding(kinds.across, `${who} ${many} in ${where}.`, cases);
  });
}

/**
 * Equal images with contradicting labels. Different images of one patient may differ in their labels, since people fall ill
 * and recover.
 */
function conflicts(
  classes: readonly string[],
  lists: readonly OpenedList[],
  images: readonly Group[],
): InspectionFinding[] {
  return classes.flatMap((name, k) => {
    const cases = images.flatMap((group): FindingCase[] => {
      const pair = contradiction(lists, group, k, classes.length);
      if (pair === undefined) return [];
      return [{ class: name, samples: [named(lists, pair.positive), named(lists, pair.negative)] }];
    });
    if (cases.length === 0) return [];
    const what = `${counted(cases.length, "image")} ${cases.length === 1 ? "is" : "are"}`;
    return finding(
      "conflicting-labels",
      `${name}: ${what} positive in one place and negative in another.`,
      cases,
    );
  });
}

function duplicates(lists: readonly OpenedList[], images: readonly Group[]): InspectionFinding[] {
  return lists.flatMap((opened, at) => {
    const inside = images
      .map((group) => group.filter(({ list }) => list === at))
      .filter((group) => group.length > 1);
    if (inside.length === 0) return [];
    const copies = inside.reduce((total, group) => total + group.length - 1, 0);
    const decoded = opened.hashes.filter((hash) => hash !== undefined).length;
    const different = `${(decoded - copies).toLocaleString("en")} of ${decoded.toLocaleString("en")} are different`;
    const verb = copies === 1 ? "is an exact copy" : "are exact copies";
    return finding(
      "duplicate-images",
      `${counted(copies, "image")} in ${listName(opened.list)} ${verb} of another there: ${different}.`,
      inside.map((group) => ({ samples: group.map((here) => named(lists, here)) })),
    );
  });
}

function failures(lists: readonly OpenedList[], undecodable: readonly Undecodable[]): InspectionFinding[] {
  return lists.flatMap(({ list }, at) => {
    const here = undecodable.filter((failure) => failure.list === at);
    if (here.length === 0) return [];
    const cases = here.map((failure) => ({ samples: [named(lists, failure)], reason: failure.reason }));
    return finding(
      "undecodable-image",
      `${counted(here.length, "image")} of ${listName(list)} cannot be decoded.`,
      cases,
    );
  });
}

/** The checks that found nothing, a sentence each. */
function inVain(
  lists: readonly OpenedList[],
  counts: readonly ListCount[],
  found: ReadonlySet<FindingKind>,
): string[] {
  const sentences: string[] = [];
  const none = (kinds: readonly FindingKind[], sentence: string): void => {
    if (!kinds.some((kind) => found.has(kind))) sentences.push(sentence);
  };
  const several = new Set(counts.filter(({ images }) => images > 0).map(({ part }) => part)).size > 1;
  const nameless = counts.reduce((total, { withoutPatient }) => total + withoutPatient, 0);
  const images = imagesOf(counts);
  if (several) {
    none(["leaked-image"], "No image is in two parts.");
    if (nameless < images) {
      const but =
        nameless === 0 ? "" : ` (${counted(nameless, "image")} name${nameless === 1 ? "s" : ""} no patient)`;
      none(["leaked-patient"], `No patient is in two parts${comparedPatients(lists)}${but}.`);
    }
  }
  if (nameless === images)
    sentences.push("No image names a patient, so a patient in two parts would not be found.");
  none(
    ["conflicting-labels", "conflicting-outlines"],
    "No image is positive in one place and negative in another.",
  );
  if (imagesOf(counts.filter(({ part }) => part === "train")) > 0) {
    none(
      ["unknown-class", "untaught-class", "class-without-positives", "class-without-negatives"],
      counts.some(({ pixels }) => pixels !== undefined)
        ? "Every class is outlined on images to train on."
        : "Every class has positive and negative images to train on.",
    );
  }
  none(["duplicate-images", "shared-image"], "No image occurs twice.");
  none(["undecodable-image"], "Every image can be decoded.");
  return sentences;
}

/** Names the lists inside which patients were compared, where there are several datasets: a name in two of them is two people. */
function comparedPatients(lists: readonly OpenedList[]): string {
  const datasets = new Map<string, Set<string>>();
  for (const { list, dataset } of lists) {
    if (list.samples.every(({ patient }) => patient === undefined)) continue;
    datasets.set(dataset, (datasets.get(dataset) ?? new Set()).add(`"${list.source}"`));
  }
  if (datasets.size < 2) return "";
  const groups = Array.from(datasets.values(), (sources) => [...sources].join(" and "));
  return `, by name inside each of these, not between them: ${groups.join("; ")}`;
}
