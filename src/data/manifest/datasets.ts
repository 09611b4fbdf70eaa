// Which entries of a manifest are of one dataset, inside which equal names of patients mean one person.
import { canonicalName } from "../../labels/wording.ts";
import { formatOf } from "../formats/formats.ts";
import { entriesOf } from "./entries.ts";
import type { Entry } from "./entry-schema.ts";
import type { DataManifest } from "./manifest.ts";

/**
 * The dataset inside which each entry's names of patients are unique, by the entry's name: the one that it names under
 * `patients`, or what its format says of the names of patients.
 */
export function datasetsOf(
  manifest: Pick<DataManifest, "sources" | "validation" | "test">,
): Map<string, string> {
  const datasets = new Map<string, string>();
  /** By what entries have in common: the dataset that has it. */
  const holder = new Map<string, string>();
  for (const { entry } of entriesOf(manifest)) {
    const marks = marksOf(entry);
    const joined = new Set(marks.map((mark) => holder.get(mark)).filter((dataset) => dataset !== undefined));
    const dataset = [...joined].at(0) ?? marks[0];
    datasets.set(entry.name, dataset);
    for (const mark of marks) holder.set(mark, dataset);
    // An entry may join two datasets to one.
    for (const table of [datasets, holder]) {
      for (const [key, other] of table) if (joined.has(other)) table.set(key, dataset);
    }
  }
  return datasets;
}

/** Keys of an entry: entries that share a key are one dataset. */
function marksOf(entry: Entry): readonly [string, ...string[]] {
  if (entry.patients !== undefined) return [`patients ${canonicalName(entry.patients)}`];
  const { patients } = formatOf(entry);
  if (patients === "format") return [`format ${entry.format}`];
  if (patients === "entry") return [`entry ${entry.name}`];
  const [first, ...others] = patients(entry);
  return [`common ${first}`, ...others.map((mark) => `common ${mark}`)];
}
