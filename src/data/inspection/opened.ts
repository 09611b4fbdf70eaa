// A catalogue together with what came of opening its images.
import type { Catalogue } from "../catalogue.ts";
import type { Manifest } from "../manifest.ts";
import { forClass } from "../mapping.ts";
import type { DecodedAssembly } from "../pixels.ts";
import type { Undecodable } from "./findings.ts";
import type { OpenedList } from "./sightings.ts";

type Entry = Manifest["sources"][number] | NonNullable<Manifest["test"]>;

const entriesOf = ({ sources, validation, test }: Manifest): Entry[] =>
  [...sources, validation, test].filter((entry) => entry !== undefined);

/**
 * The dataset inside which an entry's names of patients are unique. The formats of one published dataset number its
 * patients through all of its tables; in any other table a name holds for that table, and elsewhere for the entry.
 */
export function datasetOf(entry: Entry): string {
  switch (entry.format) {
    case "chestxray14":
    case "chexpert":
    case "covidx":
      return entry.format;
    case "table":
      return `table ${entry.table}`;
    default:
      return `entry ${entry.name}`;
  }
}

/** What a manifest makes of the labels of a class that a source is uncertain of, in its own words. */
export function uncertaintyPolicy(manifest: Manifest, source: string, className: string): string {
  const entry = entriesOf(manifest).find(({ name }) => name === source);
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
  const datasets = new Map(entriesOf(manifest).map((entry) => [entry.name, datasetOf(entry)]));
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
