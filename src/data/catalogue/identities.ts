// Which labels, patients and images of a listing are one, and which only look so: what is one in canonical form (labels/wording.ts)
// is made one, and is told; what is nearly one stays two, and is told as well.
import { canonicalName, canonicalWord, isMissing, nearMatches, visible } from "../../labels/wording.ts";
import type { ListedRecord, Listing } from "./listing.ts";
import { combineLabels } from "./mapping.ts";
import { counted } from "../../errors/counted.ts";
import type { Remark, RemarkCase } from "./remarks.ts";

type Tell = (remark: Omit<Remark, "source">) => void;

/**
 * The listing with one label for all spellings of it, and with patients by their canonical names; a missing patient is none.
 *
 * @param source name of the entry
 * @param remark told of what was joined, and of what is nearly the same and was not
 */
export function joinSpellings(listing: Listing, source: string, remark: Tell): Listing {
  const joined = joinLabels(listing, source, remark);
  const records = joinPatients(joined.records, source, remark);
  tellNearImages(records, source, remark);
  return { ...joined, records };
}

/** Names by the form in which they meet. */
interface Forms {
  /** The first name of each form, in order of appearance. */
  readonly first: ReadonlyMap<string, string>;
  /** The names of each form that has several. */
  readonly several: readonly ReadonlySet<string>[];
}

function byForm(names: Iterable<string>, form: (name: string) => string): Forms {
  const first = new Map<string, string>();
  const several = new Map<string, Set<string>>(); // few names of many have another spelling
  for (const name of names) {
    const key = form(name);
    const before = first.get(key);
    if (before === undefined) first.set(key, name);
    else if (before !== name) several.set(key, (several.get(key) ?? new Set([before])).add(name));
  }
  // As the forms appear, not as their second names do.
  const order = several.size === 0 ? [] : [...first.keys()];
  return { first, several: order.flatMap((key) => several.get(key) ?? []) };
}

/** One label for all labels that are one word: positive where any of them is. */
function joinLabels(listing: Listing, source: string, remark: Tell): Listing {
  const { labelNames, rawLabels } = listing;
  const { first, several } = byForm(labelNames, canonicalWord);
  if (first.size === labelNames.length) return listing;
  const forms = [...first.keys()];
  const columns = labelNames.map((name) => forms.indexOf(canonicalWord(name)));
  const known = forms.map(() => true);
  if (several.length > 0) {
    const cases = several.map(spellingCase);
    remark({
      kind: "guess",
      sentence:
        `${visible(source)} spells ${counted(cases.length, "label")} in several ways, each of which is one label now: ` +
        `${examples(cases)}.`,
      cases,
    });
  }
  return {
    ...listing,
    labelNames: [...first.values()],
    rawLabels: combineLabels(rawLabels, { columns, known }),
  };
}

function joinPatients(
  records: readonly ListedRecord[],
  source: string,
  remark: Tell,
): readonly ListedRecord[] {
  const named = new Set<string>();
  for (const { patient } of records) if (patient !== undefined && !isMissing(patient)) named.add(patient);
  const { first, several: joined } = byForm(named, canonicalWord);
  if (joined.length > 0) {
    const cases = joined.map(spellingCase);
    remark({
      kind: "patient-names",
      sentence: `${visible(source)} spells ${counted(cases.length, "patient")} in several ways, each of whom is one patient: ${examples(cases)}.`,
      cases,
    });
  }
  const near = nearPairs([...first.keys()]);
  if (near.length > 0) {
    remark({
      kind: "patient-names",
      sentence:
        `${visible(source)} names ${counted(near.length, "patient")} nearly as another: ${examples(near)}; they are taken for ` +
        "two each. If they are one, a split may train and test on one person: write their names alike.",
      cases: near,
    });
  }
  const lost = records.filter(({ patient }) => patient !== undefined && isMissing(patient)).length;
  if (lost === 0 && joined.length === 0 && [...named].every((name) => canonicalWord(name) === name)) {
    return records;
  }
  return records.map(({ patient, ...record }) =>
    patient === undefined || isMissing(patient) ? record : { ...record, patient: canonicalWord(patient) },
  );
}

/** Files whose names differ in capitals alone are two here, and one on other systems. */
function tellNearImages(records: readonly ListedRecord[], source: string, remark: Tell): void {
  const { several } = byForm(
    records.flatMap(({ id, image }) => (image.kind === "file" ? [id] : [])),
    (id) => canonicalName(id).toLowerCase(),
  );
  if (several.length === 0) return;
  const cases = several.map(spellingCase);
  remark({
    kind: "guess",
    sentence:
      `${visible(source)} has ${counted(cases.length, "image name")} in several spellings that differ in capitals or invisible ` +
      `letters alone, and takes each for an image of its own: ${examples(cases)}.`,
    cases,
  });
}

/** Each name that is nearly another, once. */
function nearPairs(names: readonly string[]): RemarkCase[] {
  const near = nearMatches(names);
  const met = new Set<string>();
  return names.flatMap((name) => {
    met.add(name);
    const other = near(name);
    // Each pair is met from both sides; the second tells it.
    if (other === undefined || !met.has(other)) return [];
    return [{ name, count: 1, example: `nearly ${visible(other)}` }];
  });
}

function spellingCase(spellings: ReadonlySet<string>): RemarkCase {
  const [first, ...others] = spellings;
  return { name: first, count: spellings.size, example: `also ${others.map(visible).join(", ")}` };
}

/** The first of the cases, in words. */
function examples(cases: readonly RemarkCase[]): string {
  const shown = cases.slice(0, 3).map(({ name, example }) => `${visible(name)} (${example ?? ""})`);
  return `${shown.join(", ")}${cases.length > shown.length ? ", ..." : ""}`;
}
