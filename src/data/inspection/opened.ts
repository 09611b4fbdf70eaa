// A catalogue together with what came of opening its images.
import { posix } from "node:path";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { entriesOf } from "../manifest/entries.ts";
import type { Entry } from "../manifest/entry-schema.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { forClass } from "../catalogue/mapping.ts";
import type { DecodedAssembly } from "../assembly/pixels.ts";
import type { Undecodable } from "./findings.ts";
import type { OpenedList } from "./sightings.ts";

/**
 * The dataset inside which each entry's names of patients are unique, by the entry's name: the one that it names under
 * `patients`; else all tables of one published dataset, which numbers its patients through them; else all tables that are one
 * file or share a folder of images; else the entry alone.
 */
export function datasetsOf(manifest: Pick<Manifest, "sources" | "validation" | "test">): Map<string, string> {
  const datasets = new Map<string, string>();
  /** By what entries have in common: the dataset that has it. */
  const holder = new Map<string, string>();
  for (const { entry } of entriesOf(manifest)) {
    const marks = marksOf(entry);
    const joined = new Set(marks.map((mark) => holder.get(mark)).filter((dataset) => dataset !== undefined));
    const dataset = [...joined].at(0) ?? marks[0];
    datasets.set(entry.name, dataset);
    for (const mark of marks) holder.set(mark, dataset);
    // An entry may show that two datasets are one.
    for (const table of [datasets, holder]) {
      for (const [key, other] of table) if (joined.has(other)) table.set(key, dataset);
    }
  }
  return datasets;
}

/** What makes an entry one dataset with another that has it too. */
function marksOf(entry: Entry): [string, ...string[]] {
  if (entry.patients !== undefined) return [`patients ${entry.patients}`];
  switch (entry.format) {
    case "chestxray14":
    case "chexpert":
    case "covidx":
      return [`format ${entry.format}`];
    case "table": {
      const { table, images = posix.dirname(table) } = entry;
      const folders = typeof images === "string" ? [images] : images;
      const plain = (path: string): string => posix.resolve("/", path);
      return [`table ${plain(table)}`, ...folders.map((folder) => `images ${plain(folder)}`)];
    }
    default:
      return [`entry ${entry.name}`];
  }
}

/** What a manifest makes of the labels of a class that a source is uncertain of, in its own words. */
export function uncertaintyPolicy(manifest: Manifest, source: string, className: string): string {
  const entry = entriesOf(manifest).find((place) => place.entry.name === source)?.entry;
  const policy = entry === undefined ? undefined : forClass(entry.uncertain, className);
  return typeof policy === "number" ? `${policy} positive` : (policy ?? "absent");
}

export interface OpenedCatalogue {
  /** One for each list of the catalogue. */
  readonly lists: readonly OpenedList[];
  readonly undecodable: readonly Undecodable[];
  /** By list, by sample: its row in the decoded set; -1 for one that was not decoded. */
  readonly rows: readonly Int32Array[];
}

export function openedCatalogue(
  manifest: Manifest,
  catalogue: Catalogue,
  { hashes, skipped }: Pick<DecodedAssembly, "hashes" | "skipped">,
): OpenedCatalogue {
  const reasons = new Map(skipped.map((error) => [error.file, error.reason]));
  const datasets = datasetsOf(manifest);
  const undecodable: Undecodable[] = [];
  const rows: Int32Array[] = [];
  const lists = catalogue.lists.map((list, at): OpenedList => {
    let kept = 0;
    const rowOf = Int32Array.from(list.samples, ({ image }, row) => {
      const reason = image.kind === "file" ? reasons.get(image.file) : undefined;
      if (reason === undefined) return kept++;
      undecodable.push({ list: at, row, reason });
      return -1;
    });
    rows.push(rowOf);
    return {
      list,
      dataset: datasets.get(list.source) ?? list.source,
      hashes: Array.from(rowOf, (row) => (row < 0 ? undefined : hashes[at][row])),
    };
  });
  return { lists, undecodable, rows };
}
