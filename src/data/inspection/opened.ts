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

const hashedImages = madeWith("what decodeAssembly gives", ["hashes", "skipped"]);

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
  decoded: Pick<DecodedAssembly, "hashes" | "skipped">,
): OpenedCatalogue {
  expectArgument("openedCatalogue", "the manifest", manifest, aManifest);
  expectArgument("openedCatalogue", "the catalogue", catalogue, aCatalogue);
  expectArgument("openedCatalogue", "the images", decoded, hashedImages);
  const { hashes, skipped } = decoded;
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
