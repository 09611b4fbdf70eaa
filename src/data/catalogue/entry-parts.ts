// Assigns each record of an entry to a part of the assembly.
import type { PlacedEntry } from "../manifest/entries.ts";
import { parts } from "./listing.ts";
import type { ListContext, ListedRecord, Listing, Part } from "./listing.ts";
import type { Refuse } from "./mapping.ts";
import { readSplitList } from "./split-lists.ts";
import { splitByImage, splitByList, splitByPatient, splitOfficially } from "./splits.ts";

/**
 * @param refuse called for a split or parts that do not suit the listing
 * @returns the part of every record; undefined for one that is in none
 */
export async function partsOf(
  place: PlacedEntry,
  { records }: Listing,
  context: ListContext,
  refuse: Refuse,
): Promise<readonly (Part | undefined)[]> {
  if (place.role === "source") return splitSource(place.entry, records, context, refuse);
  return takeParts(place.entry, place.role, records, refuse);
}

const isOfficial = (records: readonly ListedRecord[]): boolean =>
  records.some(({ part }) => part !== undefined);

async function splitSource(
  { name, split: wanted }: Extract<PlacedEntry, { role: "source" }>["entry"],
  records: readonly ListedRecord[],
  context: ListContext,
  refuse: Refuse,
): Promise<readonly (Part | undefined)[]> {
  const split = wanted ?? ({ by: isOfficial(records) ? "official" : "none" } as const);
  switch (split.by) {
    case "none":
      return records.map(() => "train");
    case "official":
      if (!isOfficial(records)) {
        refuse(["split", "by"], "is official, but this source does not say which images are in which part");
      }
      return splitOfficially(records);
    case "list": {
      const listed = await readSplitList(split, context);
      const partOf = splitByList(records, listed);
      if (partOf.every((part) => part === undefined)) {
        const example = JSON.stringify(records[0].id);
        const [other = ""] = listed.keys();
        refuse(
          ["split"],
          `lists none of the images of "${name}", such as ${example}; it names others, such as ${JSON.stringify(other)}`,
        );
      }
      return partOf;
    }
    default: {
      const byPatient = split.by === "patient";
      if (byPatient && records.every(({ patient }) => patient === undefined)) {
        refuse(["split", "by"], "is patient, but this source does not say whose images they are");
      }
      const partOf = byPatient ? splitByPatient(records, split) : splitByImage(records, split);
      const empty = parts.find((part) => split[part] > 0 && !partOf.includes(part));
      if (empty !== undefined) {
        const why = byPatient
          ? `no patient is drawn into it with a probability of ${split[empty]}; change the seed of the split, or its fractions`
          : `the source has too few images for ${split[empty]}`;
        refuse(["split"], `leaves the ${empty} part empty: ${why}`);
      }
      return partOf;
    }
  }
}

/** The same part for every record that a validation or test entry takes. */
function takeParts(
  { parts: named }: Extract<PlacedEntry, { role: "validation" | "test" }>["entry"],
  own: "validation" | "test",
  records: readonly ListedRecord[],
  refuse: Refuse,
): readonly (Part | undefined)[] {
  if (!isOfficial(records)) {
    if (named !== undefined) {
      refuse(["parts"], "are named, but this source does not say which images are in which");
    }
    return records.map(() => own);
  }
  const wanted = named ?? [own];
  const partOf = splitOfficially(records).map((part) => (wanted.includes(part) ? own : undefined));
  if (partOf.every((part) => part === undefined)) {
    refuse(
      named === undefined ? [] : ["parts"],
      `take no image: the source has no ${wanted.join(" or ")} part; name others under parts`,
    );
  }
  return partOf;
}
