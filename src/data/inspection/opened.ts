// A catalogue together with the results of opening its images.
import { expectArgument, madeWith } from "../../errors/arguments.ts";
import { aCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import { entriesOf } from "../manifest/entries.ts";
import { datasetsOf } from "../manifest/datasets.ts";
import { aManifest, type DataManifest } from "../manifest/manifest.ts";
import { forClass } from "../catalogue/mapping.ts";
import type { DecodedAssembly } from "../assembly/pixels.ts";
import type { Undecodable } from "./findings.ts";
import type { OpenedList } from "./sightings.ts";

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
