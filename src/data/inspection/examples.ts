// Chooses images of a list to show: some positive for each class, some positive for none, some without labels.
import type { SampleList } from "../catalogue/sample-lists.ts";
import { permutation } from "../assembly/order.ts";
import { randomStream } from "../random-stream.ts";
import { kindOf } from "./counts.ts";

export interface ExampleGroup {
  /** What the images of the group have in common. */
  readonly title: string;
  /** The class, by number, whose label they have in common; undefined where it is not one class. */
  readonly column?: number;
  /** Number of such images in the list. */
  readonly total: number;
  /** The chosen samples, in the order of the list. */
  readonly rows: readonly number[];
}

/**
 * Chooses the groups that have at least one image; an image may be in several.
 *
 * @param options.most the most images of a group
 * @param options.usable whether a sample's image can be shown
 */
export function chooseExamples(
  classes: readonly string[],
  list: SampleList,
  options: { readonly most: number; readonly seed: number; readonly usable: (row: number) => boolean },
): ExampleGroup[] {
  const { most, seed, usable } = options;
  const rows = [...list.samples.keys()];
  const kind = (row: number, k: number): ReturnType<typeof kindOf> =>
    kindOf(list.states[row * classes.length + k]);
  const group = (title: string, matches: (row: number) => boolean, column?: number): ExampleGroup => {
    const all = rows.filter(matches);
    const shown = all.filter(usable);
    const drawn = permutation(shown.length, randomStream(seed, "examples", list.source, list.part, title));
    const chosen = Array.from(drawn.subarray(0, most), (at) => shown[at]).sort((a, b) => a - b);
    return { title, ...(column === undefined ? {} : { column }), total: all.length, rows: chosen };
  };
  const columns = [...classes.keys()];
  const groups = [
    ...classes.map((name, k) => group(`+${name}`, (row) => kind(row, k) === "positive", k)),
    ...classes.map((name, k) => group(`~${name}`, (row) => kind(row, k) === "soft", k)),
    group("nothing positive", (row) => {
      const kinds = columns.map((k) => kind(row, k));
      return kinds.includes("negative") && kinds.every((each) => each === "negative" || each === "absent");
    }),
    group("no label at all", (row) => columns.every((k) => kind(row, k) === "absent")),
  ];
  return groups.filter(({ rows: chosen }) => chosen.length > 0);
}
