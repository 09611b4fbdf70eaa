// Finds the same image, or the same patient, in several places of a catalogue.
//
// An image is known by the hash of its decoded pixels, so that a copy under another name or in another file format is
// found, and two images of one array file are two. A patient is known by name inside the dataset that named it: patient
// "12" of two unrelated tables is two people.
import { negative, positive } from "../../labels/states.ts";
import type { Sample, SampleList } from "../catalogue/sample-lists.ts";

/** A list of samples with the results of opening the images. */
export interface OpenedList {
  readonly list: SampleList;
  /** The dataset in which its names of patients are unique: lists of one dataset share patients. */
  readonly dataset: string;
  /** [samples] hash of the decoded pixels; undefined for an image that was not decoded. */
  readonly hashes: readonly (string | undefined)[];
}

/** One sample of one list. */
export interface Sighting {
  /** Which of the lists. */
  readonly list: number;
  /** Which of its samples. */
  readonly row: number;
}

/** Images and patients that occur more than once, in the order of the lists. */
export type Group = readonly Sighting[];

/** Samples with equal pixels, each group in the order of the lists. */
export function sameImages(lists: readonly OpenedList[]): Group[] {
  return groups(lists, ({ hashes }, row) => hashes[row]);
}

/** Samples of one patient; where a sample names none, it belongs to no group. */
export function samePatients(lists: readonly OpenedList[]): Group[] {
  return groups(lists, ({ list, dataset }, row) => {
    const patient = list.samples[row].patient;
    return patient === undefined ? undefined : JSON.stringify([dataset, patient]);
  });
}

function groups(
  lists: readonly OpenedList[],
  key: (list: OpenedList, row: number) => string | undefined,
): Group[] {
  // Most keys are seen once: the first sighting alone is kept until there is a second one.
  const first = new Map<string, Sighting>();
  const several = new Map<string, Sighting[]>();
  for (const [at, opened] of lists.entries()) {
    for (let row = 0; row < opened.list.samples.length; row++) {
      const name = key(opened, row);
      if (name === undefined) continue;
      const here = { list: at, row };
      const before = first.get(name);
      if (before === undefined) {
        first.set(name, here);
        continue;
      }
      const group = several.get(name);
      if (group === undefined) several.set(name, [before, here]);
      else group.push(here);
    }
  }
  return [...several.values()];
}

export const sampleAt = (lists: readonly OpenedList[], { list, row }: Sighting): Sample =>
  lists[list].list.samples[row];

/** The first sighting that says positive and the first that says negative, where there are both. */
export function contradiction(
  lists: readonly OpenedList[],
  group: Group,
  column: number,
  classCount: number,
): { readonly positive: Sighting; readonly negative: Sighting } | undefined {
  const saying = (state: number): Sighting | undefined =>
    group.find(({ list, row }) => lists[list].list.states[row * classCount + column] === state);
  const [yes, no] = [saying(positive), saying(negative)];
  return yes === undefined || no === undefined ? undefined : { positive: yes, negative: no };
}
