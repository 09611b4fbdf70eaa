// Counts of what a manifest selects: labels of each kind, for each source, part and class.
import { bytes, expectArgument, wholeFrom } from "../../errors/arguments.ts";
import { absent, negative, positive } from "../../labels/states.ts";
import type { Assembly, ImageSet } from "../assembly/assembly.ts";
import { aSampleList, type PixelCounts, type SampleList } from "../catalogue/sample-lists.ts";
import type { Part } from "../catalogue/listing.ts";

/** Labels of one class on the images of one list; the first four add up to the number of images. */
export interface LabelCount {
  readonly positive: number;
  readonly negative: number;
  readonly absent: number;
  /** Labels that are a probability. */
  readonly soft: number;
  /** The number of these that the source itself calls uncertain. */
  readonly uncertain: number;
}

/** One source in one part of its split. */
export interface ListCount {
  readonly source: string;
  readonly part: Part;
  readonly images: number;
  /** Patients that are named. */
  readonly patients: number;
  /** Images whose patient is not named. */
  readonly withoutPatient: number;
  /** Images all of whose labels are absent. */
  readonly unlabelled: number;
  /** In the order of the classes. */
  readonly classes: readonly LabelCount[];
  /** Of its masks, for segmentation. */
  readonly pixels?: PixelCounts;
}

/** The labels of one source in one part of its split. */
export interface LabelCoverage {
  readonly source: string;
  readonly part: Part;
  readonly images: number;
  /** In the order of the classes. */
  readonly classes: readonly LabelCount[];
}

/**
 * @param list whose uncertain labels are those of all it lists
 * @param states [images, K] of the images that are left of it
 */
export function coverageOf(list: SampleList, states: Uint8Array, classCount: number): LabelCoverage {
  expectArgument("coverageOf", "the list", list, aSampleList);
  expectArgument("coverageOf", "the states", states, bytes);
  expectArgument("coverageOf", "the number of classes", classCount, wholeFrom(1));
  const { source, part, uncertain } = list;
  const counts = countStates(states, classCount);
  return {
    ...{ source, part, images: states.length / classCount },
    classes: counts.map((count, k) => ({ ...count, uncertain: uncertain[k] })),
  };
}

/** The labels of an assembly, by source and part; nobody knows any more which of them a source called uncertain. */
export function coverageOfAssembly({ classes, sources, validation, test }: Assembly): LabelCoverage[] {
  const width = classes.length;
  const found = new Map<string, LabelCoverage>();
  const add = (set: ImageSet, part: Part): void => {
    const names = set.origins?.names ?? [set.source];
    for (const [at, source] of names.entries()) {
      const rows = Array.from({ length: set.count }, (_, row) => row).filter(
        (row) => (set.origins?.of[row] ?? 0) === at,
      );
      const states = rows.flatMap((row) => Array.from(set.states.subarray(row * width, (row + 1) * width)));
      const counts = countStates(Uint8Array.from(states), width);
      found.set(JSON.stringify([source, part]), {
        ...{ source, part, images: rows.length },
        classes: counts.map((count) => ({ ...count, uncertain: 0 })),
      });
    }
  };
  for (const set of sources) add(set, "train");
  if (validation !== undefined) add(validation, "validation");
  add(test, "test");
  // Source after source, each with its parts, as a manifest lists them.
  const names = [...new Set(Array.from(found.values(), ({ source }) => source))];
  return names.flatMap((name) => [...found.values()].filter(({ source }) => source === name));
}

function countStates(states: Uint8Array, classCount: number): Omit<LabelCount, "uncertain">[] {
  const counts = Array.from({ length: classCount }, () => ({ positive: 0, negative: 0, absent: 0, soft: 0 }));
  for (const [at, state] of states.entries()) counts[at % classCount][kindOf(state)]++;
  return counts;
}

/** @param list states [samples, K] */
export function countLabels(list: SampleList, classCount: number): ListCount {
  const { source, part, samples, states, uncertain, masks } = list;
  const isUnlabelled = (_: unknown, row: number): boolean =>
    states.subarray(row * classCount, (row + 1) * classCount).every((state) => state === absent);
  const patients = samples.map(({ patient }) => patient).filter((patient) => patient !== undefined);
  return {
    source,
    part,
    images: samples.length,
    patients: new Set(patients).size,
    withoutPatient: samples.length - patients.length,
    unlabelled: samples.filter(isUnlabelled).length,
    classes: countStates(states, classCount).map((count, k) => ({ ...count, uncertain: uncertain[k] })),
    ...(masks === undefined ? {} : { pixels: masks.pixels }),
  };
}

/** The kind of a label state; every other state is a probability. */
export function kindOf(state: number): "positive" | "negative" | "absent" | "soft" {
  switch (state) {
    case positive:
      return "positive";
    case negative:
      return "negative";
    case absent:
      return "absent";
    default:
      return "soft";
  }
}
