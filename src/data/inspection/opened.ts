// A catalogue together with the results of opening its images.
import { expectArgument, madeWith } from "../../errors/arguments.ts";
import { aCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import { entriesOf } from "../manifest/entries.ts";
import { formatOf } from "../formats/formats.ts";
import type { Entry } from "../manifest/entry-schema.ts";
import { aManifest, type DataManifest } from "../manifest/manifest.ts";
import { forClass } from "../catalogue/mapping.ts";
import type { DecodedAssembly } from "../assembly/pixels.ts";
import type { Undecodable } from "./findings.ts";
import type { OpenedList } from "./sightings.ts";

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
  if (entry.patients !== undefined) return [`patients ${entry.patients}`];
  const { patients } = formatOf(entry);
  if (patients === "format") return [`format ${entry.format}`];
  if (patients === "entry") return [`entry ${entry.name}`];
  const [first, ...others] = patients(entry);
  return [`common ${first}`, ...others.map((mark) => `common ${mark}`)];
}

/** The manifest's word for what uncertain labels of a class become. */
export function uncertaintyPolicy(manifest: DataManifest, source: string, className: string): string {
  const entry = entriesOf(manifest).find((place) => place.entry.name === source)?.entry;
  const policy = entry === undefined ? undefined : forClass(entry.uncertain, className);
  return typeof policy === "number" ? `${policy} positive` : (policy ?? "absent");
}

const hashedImages = madeWith("what decodeAssembly gives", ["hashes", "kept", "skipped"]);

export interface OpenedCatalogue {
  /** One for each list of the catalogue. */
  readonly lists: readonly OpenedList[];
  readonly undecodable: readonly Undecodable[];
  /** By list, by sample: its row in the decoded set; -1 for one that was not decoded. */
  readonly rows: readonly Int32Array[];
}

export function openedCatalogue(
  manifest: DataManifest,
  catalogue: Catalogue,
  decoded: Pick<DecodedAssembly, "hashes" | "kept" | "skipped">,
): OpenedCatalogue {
  expectArgument("openedCatalogue", "the manifest", manifest, aManifest);
  expectArgument("openedCatalogue", "the catalogue", catalogue, aCatalogue);
  expectArgument("openedCatalogue", "the images", decoded, hashedImages);
  const { hashes, kept, skipped } = decoded;
  let failed = 0; // images that are left out come in the order of the lists
  const datasets = datasetsOf(manifest);
  const undecodable: Undecodable[] = [];
  const rows: Int32Array[] = [];
  const lists = catalogue.lists.map((list, at): OpenedList => {
    const rowOf = new Int32Array(list.samples.length).fill(-1);
    for (const [i, row] of kept[at].entries()) rowOf[row] = i;
    for (const [row, i] of rowOf.entries()) {
      if (i < 0) undecodable.push({ list: at, row, reason: skipped[failed++].reason });
    }
    rows.push(rowOf);
    return {
      list,
      dataset: datasets.get(list.source) ?? list.source,
      hashes: Array.from(rowOf, (row) => (row < 0 ? undefined : hashes[at][row])),
    };
  });
  return { lists, undecodable, rows };
}
