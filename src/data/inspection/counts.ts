// What a manifest selects, in numbers: of each source, part and class, how many labels of each kind.
import { absent, negative, positive } from "../../metrics/label-states.ts";
import type { SampleList } from "../catalogue.ts";
import type { Part } from "../listing.ts";

/** Labels of one class on the images of one list; the first four add up to the number of images. */
export interface LabelCount {
  readonly positive: number;
  readonly negative: number;
  readonly absent: number;
  /** A probability instead of an answer. */
  readonly soft: number;
  /** How many of all these the source itself was uncertain of, before the manifest settled them. */
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
}

/** @param list states [samples, K] */
export function countLabels(list: SampleList, classCount: number): ListCount {
  const { source, part, samples, states, uncertain } = list;
  const counts = Array.from({ length: classCount }, () => ({ positive: 0, negative: 0, absent: 0, soft: 0 }));
  let unlabelled = 0;
  for (let row = 0; row < samples.length; row++) {
    let known = 0;
    for (const [k, count] of counts.entries()) {
      const kind = kindOf(states[row * classCount + k]);
      count[kind]++;
      if (kind !== "absent") known++;
    }
    if (known === 0) unlabelled++;
  }
  const patients = samples.map(({ patient }) => patient).filter((patient) => patient !== undefined);
  return {
    source,
    part,
    images: samples.length,
    patients: new Set(patients).size,
    withoutPatient: samples.length - patients.length,
    unlabelled,
    classes: counts.map((count, k) => ({ ...count, uncertain: uncertain[k] })),
  };
}

/** What a label state says; every state that is none of the three names is a probability. */
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
