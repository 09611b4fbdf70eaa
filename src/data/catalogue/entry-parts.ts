// Assigns each record of an entry to a part of the assembly.
import type { PlacedEntry } from "../manifest/entries.ts";
import type { LeftOut } from "./left-out-records.ts";
import { parts } from "./listing.ts";
import type { ListContext, ListedRecord, Listing, Part } from "./listing.ts";
import type { Refuse } from "./mapping.ts";
import { counted } from "../../errors/counted.ts";
import { readSplitList } from "./split-lists.ts";
import { visible } from "../../labels/wording.ts";
import type { ListFit } from "./splits.ts";
import { splitByImage, splitByList, splitByPatient, splitOfficially } from "./splits.ts";

/**
 * @param leftOut what is not in the listing because it cannot be read
 * @param refuse called for a split or parts that do not suit the listing
 * @returns the part of every record; undefined for one that is in none
 */
export async function partsOf(
  place: PlacedEntry,
  { records }: Listing,
  context: ListContext,
  leftOut: LeftOut,
  refuse: Refuse,
): Promise<readonly (Part | undefined)[]> {
  if (place.role === "source") return splitSource(place.entry, records, context, leftOut, refuse);
  return takeParts(place.entry, place.role, records, context, refuse);
}

const isOfficial = (records: readonly ListedRecord[]): boolean =>
  records.some(({ part }) => part !== undefined);

async function splitSource(
  { name, split: wanted }: Extract<PlacedEntry, { role: "source" }>["entry"],
  records: readonly ListedRecord[],
  context: ListContext,
  leftOut: LeftOut,
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
      tellWithoutPart(records, context);
      return splitOfficially(records);
    case "list": {
      const listed = await readSplitList(split, context);
      const fit = splitByList(records, listed);
      const { partOf } = fit;
      if (partOf.every((part) => part === undefined)) {
        const example = JSON.stringify(records[0].id);
        const [other] = [...listed.parts.values()].map((each) => each.name);
        refuse(
          ["split"],
          `lists none of the images of "${name}", such as ${example}; it names others, such as ${JSON.stringify(other)}`,
        );
      }
      tellFit(fit, records, context);
      return partOf;
    }
    default: {
      const byPatient = split.by === "patient";
      if (byPatient && records.every(({ patient }) => patient === undefined)) {
        refuse(["split", "by"], "is patient, but this source does not say whose images they are");
      }
      if (byPatient) tellWithoutPatient(records, context);
      const partOf = byPatient ? splitByPatient(records, split) : splitByImage(records, split);
      const used = new Set(partOf.filter((_, index) => records[index].leftOut !== true));
      const empty = parts.find((part) => split[part] > 0 && !used.has(part));
      if (empty !== undefined) {
        const why = byPatient
          ? `no patient is drawn into it with a probability of ${split[empty]}; change the seed of the split, or its fractions`
          : `the source has too few images for ${split[empty]}`;
        refuse(["split"], `leaves the ${empty} part empty: ${leftOut.countWords}${why}${leftOut.firstFault}`);
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
  context: ListContext,
  refuse: Refuse,
): readonly (Part | undefined)[] {
  if (!isOfficial(records)) {
    if (named !== undefined) {
      refuse(["parts"], "are named, but this source does not say which images are in which");
    }
    return records.map(() => own);
  }
  tellWithoutPart(records, context);
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

/** The images that a list leaves out, and what it names that is not there or stands there twice. */
function tellFit(
  { partOf, unmatched, repeated }: ListFit,
  records: readonly ListedRecord[],
  { entry, remark }: ListContext,
): void {
  const leftOut = records.filter((_, index) => partOf[index] === undefined).map(({ id }) => id);
  const facts = [
    { names: leftOut, said: `leaves out ${counted(leftOut.length, "image")} that it does not name` },
    { names: unmatched, said: `names ${counted(unmatched.length, "image")} that the source does not have` },
    { names: repeated, said: `names ${counted(repeated.length, "image")} twice` },
  ].filter(({ names }) => names.length > 0);
  if (facts.length === 0) return;
  const sentences = facts.map(({ names, said }) => `${said}, such as ${visible(names[0])}`);
  remark({
    kind: "unmatched-list",
    sentence: `The list that splits ${visible(entry)} ${sentences.join("; it ")}.`,
    cases: facts.flatMap(({ names, said }) => [{ name: names[0], count: names.length, example: said }]),
  });
}

/** Official splits say "train" of what they do not name. */
function tellWithoutPart(records: readonly ListedRecord[], { entry, remark }: ListContext): void {
  const without = records.filter(({ part }) => part === undefined);
  if (without.length === 0) return;
  remark({
    kind: "guess",
    sentence:
      `${visible(entry)} does not say which part ${counted(without.length, "image")} of ${records.length.toLocaleString("en")} belong to, ` +
      `such as ${visible(without[0].id)}; they are taken for training images.`,
    cases: [{ name: without[0].id, count: without.length }],
  });
}

/** A split by patient cannot keep together what no patient holds together. */
function tellWithoutPatient(records: readonly ListedRecord[], { entry, remark }: ListContext): void {
  const without = records.filter(({ patient }) => patient === undefined);
  if (without.length === 0) return;
  remark({
    kind: "guess",
    sentence:
      `${visible(entry)} is split by patient, and ${counted(without.length, "image")} of ${records.length.toLocaleString("en")} name none, ` +
      `such as ${visible(without[0].id)}; each is taken for a patient of its own.`,
    cases: [{ name: without[0].id, count: without.length }],
  });
}
